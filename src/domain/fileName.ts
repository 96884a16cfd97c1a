// The name under which a listener's browser saves an MP3. It never names a file of ours.

/** Of the whole name, extension included. */
const maxCharacters = 150;
/** File systems end at 255 bytes; what remains is for a browser's " (1)" and ".crdownload". */
const maxBytes = 236;
const maxArtistCharacters = 60;
const extension = '.mp3';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const utf8 = new TextEncoder();

/** Controls, byte order and direction marks, tags; not the joiners that emoji and Persian need. */
const invisible = /[\p{Cf}\ufffd\u115f\u1160\u3164\uffa0](?<![\u200c\u200d])/gu;
/** Windows takes these for devices, whatever follows the first dot. */
const reservedName =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(?:\.|$))/i;

/**
 * "Artist - Title.mp3": readable UTF-8 that every common file system takes. Titles and uploaders are
 * hostile text. `title` and `uploader` are null when the site names none; the external id stands in.
 */
export function artifactFileName(source: {
  readonly title: string | null;
  readonly uploader: string | null;
  readonly externalId: string;
}): string {
  // YouTube's automatic channels are called "Artist - Topic".
  const artist = cut(clean(source.uploader ?? '').replace(/ - Topic$/i, ''), maxArtistCharacters);
  const title = clean(source.title ?? '') || clean(source.externalId);
  const name = artist === '' || beginsWith(title, artist) ? title : `${artist} - ${title}`;
  const [stem = 'audio'] = [name, clean(source.externalId)]
    .map((candidate) => cut(candidate, maxCharacters - extension.length))
    .filter((candidate) => candidate !== '');
  return stem.replace(reservedName, '$&_') + extension;
}

function clean(text: string): string {
  return text
    .slice(0, 10 * maxCharacters)
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(invisible, '')
    .replace(/ ?[:：] /g, ' - ')
    .replace(/[/\\|:]/g, '-')
    .replace(/"/g, "'")
    .replace(/[<>?*]/g, '')
    .replace(/ {2,}/g, ' ')
    .replace(/^(?:[\s.-]|\p{Join_Control})+|(?:[\s.-]|\p{Join_Control})+$/gu, '');
}

/** The longest beginning of whole graphemes that fits; empty when not even the first one does. */
function cut(text: string, characters: number): string {
  let end = 0;
  for (const { index, segment } of graphemes.segment(text)) {
    const next = index + segment.length;
    if (next > characters || utf8.encode(text.slice(0, next)).length > maxBytes - extension.length)
      break;
    end = next;
  }
  return text.slice(0, end).replace(/[\s.-]+$/, '');
}

/** True for "Adele - Hello" and "ADELE: Hello" by Adele, not for "Artful" by Art. */
function beginsWith(title: string, artist: string): boolean {
  const rest = title.slice(artist.length);
  const isSame = title.slice(0, artist.length).toLowerCase() === artist.toLowerCase();
  return isSame && !/^[\p{L}\p{N}]/u.test(rest);
}
