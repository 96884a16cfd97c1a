// The addresses of an MP3 and of a small picture on this server. The token alone decides what is served; the name
// is for people.

/** A root-relative path. */
export function artifactPath(token: string, fileName: string): string {
  return `/files/${token}/${encodeURIComponent(fileName)}`;
}

/** A root-relative path. */
export function thumbnailPath(token: string): string {
  return `/thumbnails/${token}.jpg`;
}
