import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { ask, send } from '../../support/graphql.ts';
import {
  expireJob,
  failJob,
  newVideoId,
  queueJob,
  runJob,
  succeedJob,
} from '../../support/jobStates.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api', ALLOWED_HOSTS: 'youtube.com,example.com' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const requestMp3 = `
  mutation ($url: String!, $options: Mp3OptionsInput, $reuse: ReusePolicy, $key: String) {
    requestMp3(url: $url, options: $options, reuse: $reuse, idempotencyKey: $key) {
      outcome
      job { id status version attempt maxAttempts sourceUrl options { quality embedThumbnail } }
      userErrors { __typename code message path retryAt }
    }
  }`;
type Request = { url: string; options?: object; reuse?: string; key?: string };

async function request(variables: Request): Promise<any> {
  return (await ask(app.url, requestMp3, variables)).requestMp3;
}

const linkTo = (videoId: string) => `https://www.youtube.com/watch?v=${videoId}`;

describe('what is accepted', () => {
  test('a new link creates a queued job with the usual options', async () => {
    const videoId = newVideoId();
    expect(await request({ url: `https://youtu.be/${videoId}?si=abc` })).toEqual({
      outcome: 'CREATED',
      job: {
        id: expect.any(String),
        status: 'QUEUED',
        version: 1,
        attempt: 0,
        maxAttempts: 5,
        sourceUrl: linkTo(videoId),
        options: { quality: 'KBPS_192', embedThumbnail: true },
      },
      userErrors: [],
    });
  });

  test('a link with nothing else is enough for a client', async () => {
    const answer = await ask(
      app.url,
      `mutation { requestMp3(url: "${linkTo(newVideoId())}") { job { id } } }`,
    );
    expect(answer.requestMp3.job.id).toMatch(/^[\w-]+$/);
  });

  test('row and queue job commit together, and the queue job names the job alone', async () => {
    const { jobId } = await queueJob(app);
    const { rows } = await app.database.pool.query<{ key: string; payload: unknown }>(
      `select q.key, p.payload from graphile_worker.jobs q
       join graphile_worker._private_jobs p on p.id = q.id where q.key = $1`,
      [jobId],
    );
    expect(rows).toEqual([{ key: jobId, payload: { jobId } }]);
  });

  test('every spelling of a link joins the same job', async () => {
    const videoId = newVideoId();
    const { job } = await request({ url: linkTo(videoId) });
    const spellings = [
      `https://youtu.be/${videoId}`,
      `http://youtu.be/${videoId}?t=42&si=x`,
      `youtu.be/${videoId}`,
      `https://m.youtube.com/watch?v=${videoId}`,
      `https://music.youtube.com/watch?v=${videoId}&list=RDAMVM${videoId}`,
      `https://www.youtube.com/watch?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf&v=${videoId}&index=3`,
      `https://www.youtube.com/shorts/${videoId}`,
      `https://www.youtube.com/embed/${videoId}?autoplay=1`,
      `https://www.youtube.com/live/${videoId}`,
      `https://www.youtube-nocookie.com/embed/${videoId}`,
      `HTTPS://WWW.YOUTUBE.COM/watch?v=${videoId}#t=1m`,
      `  https://youtube.com/watch?v=${videoId}\n`,
    ];
    const answers = await Promise.all(spellings.map((url) => request({ url })));
    expect(answers.map(({ outcome, job: joined }) => [outcome, joined.id])).toEqual(
      spellings.map(() => ['JOINED', job.id]),
    );
  });

  test('ids that differ in case are different videos', async () => {
    const one = await request({ url: linkTo('aaaaaaaaaaa') });
    const other = await request({ url: linkTo('AAAAAAAAAAA') });
    expect(other.outcome).toBe('CREATED');
    expect(other.job.id).not.toBe(one.job.id);
  });

  test('other options are another MP3', async () => {
    const url = linkTo(newVideoId());
    const wishes = [
      {},
      { quality: 'KBPS_128' },
      { quality: 'KBPS_320' },
      { quality: 'VBR_BEST' },
      { embedThumbnail: false },
    ];
    const answers = [];
    for (const options of wishes) answers.push(await request({ url, options }));
    expect(answers.map(({ outcome }) => outcome)).toEqual(wishes.map(() => 'CREATED'));
    expect(answers.map(({ job }) => job.options)).toEqual(
      wishes.map((wish) => ({ quality: 'KBPS_192', embedThumbnail: true, ...wish })),
    );
    expect((await request({ url, options: { embedThumbnail: true } })).outcome).toBe('JOINED');
  });

  test('a running job is joined, also by a caller who wants no reuse', async () => {
    const job = await runJob(app);
    for (const reuse of ['IF_AVAILABLE', 'NEVER']) {
      expect(await request({ url: linkTo(job.videoId), reuse })).toMatchObject({
        outcome: 'JOINED',
        job: { id: job.id, status: 'RUNNING' },
      });
    }
  });

  test('fifty callers at once share one job', async () => {
    const url = linkTo(newVideoId());
    const answers = await Promise.all(Array.from({ length: 50 }, () => request({ url })));
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
    expect(answers.filter(({ outcome }) => outcome === 'CREATED')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'JOINED')).toHaveLength(49);
  });

  test('a finished job whose file is there is reused, at once and SUCCEEDED', async () => {
    const job = await succeedJob(app);
    expect(await request({ url: linkTo(job.videoId) })).toMatchObject({
      outcome: 'REUSED',
      job: { id: job.id, status: 'SUCCEEDED' },
    });
  });

  test('NEVER makes the MP3 again, and leaves the old one where it is', async () => {
    const old = await succeedJob(app);
    const { outcome, job } = await request({ url: linkTo(old.videoId), reuse: 'NEVER' });
    expect({ outcome, isNew: job.id !== old.id }).toEqual({ outcome: 'CREATED', isNew: true });
    const before = await ask(app.url, `query ($id: ID!) { job(id: $id) { status } }`, old);
    expect(before.job.status).toBe('SUCCEEDED');
  });

  test.each([
    ['failed', () => failJob(app)],
    ['expired', () => expireJob(app)],
    ['past its time', () => succeedJob(app, { retentionHours: 0 })],
  ])('a job that is %s is not reused', async (_, make) => {
    const { id, videoId } = await make();
    const { outcome, job } = await request({ url: linkTo(videoId) });
    expect({ outcome, isNew: job.id !== id }).toEqual({ outcome: 'CREATED', isNew: true });
  });

  test.each([undefined, 'a key for a lost file'])(
    'a finished job whose file was lost is expired and made again (key: %s)',
    async (key) => {
      const lost = await succeedJob(app);
      await app.app.storage.removeArtifact(lost);
      const { outcome, job } = await request({
        url: linkTo(lost.videoId),
        ...(key !== undefined && { key }),
      });
      expect({ outcome, isNew: job.id !== lost.id }).toEqual({ outcome: 'CREATED', isNew: true });
      const before = await ask(app.url, `query ($id: ID!) { job(id: $id) { status } }`, lost);
      expect(before.job.status).toBe('EXPIRED');
      if (key === undefined) return;
      const again = await request({ url: linkTo(lost.videoId), key });
      expect([again.outcome, again.job.id]).toEqual(['REPLAYED', job.id]);
    },
  );

  test('another caller joins the job too, and each sees it as their own', async () => {
    const theirs = await queueJob(app, { ownerId: 'somebody else' });
    const seen = await ask(app.url, `query ($id: ID!) { job(id: $id) { id } }`, theirs);
    expect(seen.job).toBeNull();
    expect(await request({ url: linkTo(theirs.videoId) })).toMatchObject({
      outcome: 'JOINED',
      job: { id: theirs.id },
    });
  });
});

describe('idempotency keys', () => {
  test('the same call again is REPLAYED with the same job, whatever became of it', async () => {
    const videoId = newVideoId();
    const call = { url: linkTo(videoId), key: `key of ${videoId}` };
    const first = await request(call);
    const respelled = await request({ ...call, url: `https://youtu.be/${videoId}` });
    await failJob(app, 'PRIVATE', { videoId });
    const afterFailure = await request(call);
    expect([first, respelled, afterFailure].map(({ outcome }) => outcome)).toEqual([
      'CREATED',
      'REPLAYED',
      'REPLAYED',
    ]);
    expect(respelled.job.id).toBe(first.job.id);
    expect(afterFailure.job).toMatchObject({ id: first.job.id, status: 'FAILED' });
  });

  test('twenty identical calls at once make one job', async () => {
    const call = { url: linkTo(newVideoId()), key: 'pressed twenty times' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => request(call)));
    const outcomes: string[] = answers.map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual([
      'CREATED',
      ...Array.from({ length: 19 }, () => 'REPLAYED'),
    ]);
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
  });

  test.each([
    ['another video', { url: linkTo('bbbbbbbbbbb') }],
    ['another quality', { options: { quality: 'KBPS_320' } }],
    ['another cover wish', { options: { embedThumbnail: false } }],
    ['another reuse policy', { reuse: 'NEVER' }],
  ])('the same key with %s is refused', async (what, change) => {
    const call = { url: linkTo(newVideoId()), key: `key with ${what}` };
    await request(call);
    expect(await request({ ...call, ...change })).toEqual(
      refusal('IDEMPOTENCY_KEY_REUSED', ['idempotencyKey'], /send a new key/),
    );
  });

  test('a key is its caller’s own', async () => {
    const key = 'everybody likes this key';
    await app.database.pool.query(
      `insert into tapedeck.idempotency_keys (owner_id, key, arguments_hash) values ($1, $2, 'x')`,
      ['somebody else', key],
    );
    expect((await request({ url: linkTo(newVideoId()), key })).outcome).toBe('CREATED');
  });

  test('a key is forgotten after 24 hours', async () => {
    const key = 'yesterday’s key';
    await request({ url: linkTo(newVideoId()), key });
    await app.database.pool.query(
      `update tapedeck.idempotency_keys set created_at = now() - interval '24 hours 1 second'
       where key = $1`,
      [key],
    );
    expect((await request({ url: linkTo(newVideoId()), key })).outcome).toBe('CREATED');
  });

  test('a refused request does not use up its key', async () => {
    const key = 'a key for a typo';
    await request({ url: 'https://vimeo.com/1', key });
    expect((await request({ url: linkTo(newVideoId()), key })).outcome).toBe('CREATED');
  });

  test.each([
    ['empty', ''],
    ['of 256 characters', 'k'.repeat(256)],
    ['with a NUL', 'a\u0000b'],
  ])('a key that is %s is refused', async (_, key) => {
    expect(await request({ url: linkTo(newVideoId()), key })).toEqual(
      refusal('OPTION_INVALID', ['idempotencyKey'], /key/),
    );
  });

  test('a key of 255 characters of any script is taken', async () => {
    const call = { url: linkTo(newVideoId()), key: 'ключ🎵'.repeat(50).slice(0, 255) };
    expect((await request(call)).outcome).toBe('CREATED');
    expect((await request(call)).outcome).toBe('REPLAYED');
  });
});

describe('refusals', () => {
  const playlist = 'PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf';
  const refused: [string, string][] = [
    ['URL_MALFORMED', ''],
    ['URL_MALFORMED', '   '],
    ['URL_MALFORMED', 'not a link'],
    ['URL_MALFORMED', 'dQw4w9WgXcQ'],
    ['URL_MALFORMED', 'https://'],
    ['URL_MALFORMED', 'https://www.youtube.com/watch?v=dQw4w9WgXcQ and more'],
    ['URL_MALFORMED', 'https://www.youtube.com/watch?v=\u0000dQw4w9WgXcQ'],
    ['URL_MALFORMED', '--exec=touch /tmp/x'],
    ['URL_SCHEME_NOT_ALLOWED', 'file:///etc/passwd'],
    ['URL_SCHEME_NOT_ALLOWED', 'ftp://youtube.com/watch?v=dQw4w9WgXcQ'],
    ['URL_SCHEME_NOT_ALLOWED', 'javascript:alert(1)'],
    ['URL_SCHEME_NOT_ALLOWED', 'data:text/html,x'],
    ['URL_SCHEME_NOT_ALLOWED', 'ytsearch:music'],
    ['URL_HOST_NOT_ALLOWED', 'https://vimeo.com/76979871'],
    ['URL_HOST_NOT_ALLOWED', 'https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ'],
    ['URL_HOST_NOT_ALLOWED', 'https://www.youtube.com:8443/watch?v=dQw4w9WgXcQ'],
    ['URL_HOST_NOT_ALLOWED', 'http://127.0.0.1:4000/x.mp3'],
    ['URL_HOST_NOT_ALLOWED', 'http://169.254.169.254/latest/meta-data'],
    ['URL_HOST_NOT_ALLOWED', 'http://[::1]/x'],
    ['URL_HOST_NOT_ALLOWED', 'https://xn--yutube-wqf.com/watch?v=dQw4w9WgXcQ'],
    ['URL_HAS_CREDENTIALS', 'https://me:secret@www.youtube.com/watch?v=dQw4w9WgXcQ'],
    ['URL_TOO_LONG', `https://www.youtube.com/watch?v=dQw4w9WgXcQ&x=${'x'.repeat(2_048)}`],
    ['URL_TOO_LONG', 'x'.repeat(30_000)],
    ['NOT_A_VIDEO', 'https://www.youtube.com/'],
    ['NOT_A_VIDEO', 'https://www.youtube.com/@RickAstleyYT'],
    ['NOT_A_VIDEO', 'https://www.youtube.com/results?search_query=music'],
    ['NOT_A_VIDEO', 'https://www.youtube.com/watch?v=short'],
    ['PLAYLIST_NOT_ALLOWED', `https://www.youtube.com/playlist?list=${playlist}`],
    ['PLAYLIST_NOT_ALLOWED', `https://www.youtube.com/watch?list=${playlist}`],
  ];

  test.each(refused.map(([code, url]) => [code, url.slice(0, 60), url]))(
    '%s for %j',
    async (code, _, url) => {
      expect(await request({ url })).toEqual(refusal(code, ['url']));
    },
  );

  test('a refused request leaves nothing behind', async () => {
    const before = await countRows();
    for (const [, url] of refused) await request({ url });
    await request({ url: linkTo(newVideoId()), key: '' });
    expect(await countRows()).toEqual(before);
  });

  test('what the schema itself forbids is an error of the document, and names the argument', async () => {
    const documents = [
      [`mutation { requestMp3 { outcome } }`, /url/],
      [`mutation { requestMp3(url: null) { outcome } }`, /url|null/],
      [`mutation { requestMp3(url: "x", options: {quality: KBPS_64}) { outcome } }`, /KBPS_64/],
      [`mutation { requestMp3(url: "x", options: null) { outcome } }`, /Mp3OptionsInput/],
      [`mutation { requestMp3(url: "x", reuse: SOMETIMES) { outcome } }`, /SOMETIMES/],
    ] as const;
    for (const [document, mention] of documents) {
      const { errors } = await send(app.url, document);
      expect(errors?.[0]).toMatchObject({
        message: expect.stringMatching(mention),
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      });
    }
  });
});

function refusal(code: string, path: string[], message = /./) {
  return {
    outcome: null,
    job: null,
    userErrors: [
      {
        __typename: 'RequestMp3Error',
        code,
        // One sentence: what is wrong and what to do.
        message: expect.stringMatching(new RegExp(`^[A-Z][^\n]*${message.source}[^\n]*\\.$`)),
        path,
        retryAt: null,
      },
    ],
  };
}

async function countRows(): Promise<unknown> {
  const { rows } = await app.database.pool.query(
    `select (select count(*) from tapedeck.jobs) as jobs,
       (select count(*) from tapedeck.idempotency_keys) as keys,
       (select count(*) from graphile_worker.jobs) as queue_jobs`,
  );
  return rows[0];
}
