import { describe, expect, test } from '@jest/globals';

import { parseOutputLine, refusal } from '../../../src/media/ytdlpOutput.ts';

const chosen = (fields: object) => parseOutputLine(`@chosen ${JSON.stringify(fields)}`);
const metadataOf = (fields: object) => {
  const line = chosen(fields);
  return line?.kind === 'chosen' ? line.metadata : null;
};

describe('metadata', () => {
  test('is taken over field by field', () => {
    // As yt-dlp 2023.03.04 prints it, ASCII only.
    const line =
      '@chosen {"title": "T\\u00eftle \\"q\\" \\n new \\u202e \\ud83c\\udfb5 </script> $(x) `y`", "uploader": "An Author", "upload_date": "20240102", "duration": 60.0, "thumbnail": "http://127.0.0.1:8099/c.webp", "filesize": 973992}';
    expect(parseOutputLine(line)).toEqual({
      kind: 'chosen',
      mayHaveSound: true,
      sizeBytes: 973_992,
      metadata: {
        title: 'Tïtle "q" new \u202e 🎵 </script> $(x) `y`',
        uploader: 'An Author',
        artist: 'An Author',
        track: null,
        album: null,
        durationSeconds: 60,
        thumbnailUrl: 'http://127.0.0.1:8099/c.webp',
        uploadDate: '20240102',
      },
    });
  });

  test('is null where a field is missing, of the wrong kind or empty', () => {
    const nothing = {
      title: null,
      uploader: null,
      artist: null,
      track: null,
      album: null,
      durationSeconds: null,
      thumbnailUrl: null,
      uploadDate: null,
    };
    expect(metadataOf({})).toEqual(nothing);
    const wrong = { title: ['x'], uploader: 7, duration: '60', thumbnail: 'file:///etc/passwd' };
    expect(metadataOf({ ...wrong, upload_date: '2024', artist: ' \n', album: {} })).toEqual(
      nothing,
    );
  });

  test('holds no control character, no NUL and no half of an emoji, which Postgres would refuse', () => {
    expect(metadataOf({ title: 'a\u0000b\u001b[2J\r\nc\ud83c' })?.title).toBe('ab[2J c\ufffd');
    const long = metadataOf({ title: `${'x'.repeat(999)}🎵` })?.title;
    expect(long).toHaveLength(1000);
    expect(long?.isWellFormed()).toBe(true);
  });

  test("the artist of a music channel is its name without YouTube's ending", () => {
    expect(metadataOf({ uploader: 'Nina Simone - Topic' })?.artist).toBe('Nina Simone');
    expect(metadataOf({ channel: 'A channel' })?.uploader).toBe('A channel');
    expect(metadataOf({ uploader: 'A label', artist: 'A singer' })?.artist).toBe('A singer');
  });
});

test('a source without sound is known by its format', () => {
  expect(chosen({ acodec: 'none' })).toMatchObject({ mayHaveSound: false });
  expect(chosen({ acodec: 'mp4a.40.2' })).toMatchObject({ mayHaveSound: true });
});

test('progress tells an announced size from an estimate', () => {
  expect(parseOutputLine('@progress {"downloaded_bytes": 1024, "total_bytes": 973992}')).toEqual({
    kind: 'progress',
    exactTotal: 973_992,
    progress: { bytesDone: 1024, bytesTotal: 973_992, bytesPerSecond: null, etaSeconds: null },
  });
  expect(
    parseOutputLine(
      '@progress {"downloaded_bytes": 1024, "total_bytes_estimate": 2e6, "speed": 1e6, "eta": 2}',
    ),
  ).toMatchObject({
    exactTotal: null,
    progress: { bytesTotal: 2_000_000, bytesPerSecond: 1_000_000, etaSeconds: 2 },
  });
});

test.each([
  '[download] Destination: source',
  '@chosen {"title": "cut',
  '@found 7',
  '@done now',
  '',
])('a line that is not ours or broken says nothing: %p', (line) =>
  expect(parseOutputLine(line)).toBeNull(),
);

describe('a source is refused before the download', () => {
  const refusalOf = (fields: object) => {
    const line = parseOutputLine(`@found ${JSON.stringify(fields)}`);
    return line?.kind === 'found' ? refusal(line.found, 7200) : 'not parsed';
  };
  test.each([
    [{ duration: 7201 }, 'TOO_LONG'],
    [{ live_status: 'is_live' }, 'LIVE_STREAM'],
    [{ is_live: true }, 'LIVE_STREAM'],
    [{ live_status: 'post_live', duration: 60 }, 'LIVE_STREAM'],
    [{ live_status: 'is_upcoming' }, 'UPCOMING'],
    [{ playlist_count: 2, duration: 60 }, 'UNSUPPORTED_SITE'],
    [{ duration: 7200, live_status: 'was_live' }, null],
    [{ playlist_count: 1 }, null],
    [{}, null],
  ])('%j: %s', (fields, code) => expect(refusalOf(fields)).toBe(code));
});
