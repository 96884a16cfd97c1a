// Finds the links in what people paste. What is a video, the server decides; what looks like no link at
// all is passed on as it is, so that the refusal comes in the server's words.

/** Without a scheme a link begins where a word does: what follows ftp:// is no link, nor is notyoutube.com. */
const link =
  /(?:https?:\/\/|(?<![\w/.@-])(?:www\.|(?:[\w-]+\.)*(?:youtube(?:-nocookie)?\.com|youtu\.be)\/))[^\s<>"'`“”«»\u200b-\u200f\u2060-\u2069]+/giu;

/** The links within a text, each once, in their order. */
export function findLinks(text: string): string[] {
  return [...new Set([...text.matchAll(link)].map(([found]) => withoutTail(found)))];
}

/** What to ask the server for: the links, else the text itself, else nothing. */
export function readRequests(text: string): string[] {
  const links = findLinks(text);
  if (links.length > 0) return links;
  return text.trim() === '' ? [] : [text.trim()];
}

/** The end of a sentence is not a part of the link; a closing bracket is when it was opened there. */
function withoutTail(found: string): string {
  const rest = found.replace(/[.,;:!?…*|]+$/u, '');
  const last = rest.at(-1) ?? '';
  const opening = { ')': '(', ']': '[', '}': '{' }[last];
  if (opening === undefined) return rest;
  const isBalanced = rest.split(opening).length >= rest.split(last).length;
  return isBalanced ? rest : withoutTail(rest.slice(0, -1));
}
