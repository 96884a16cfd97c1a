// The address of an MP3 on this server. The token alone decides what is served; the name is for people.

/** A root-relative path. */
export function artifactPath(token: string, fileName: string): string {
  return `/files/${token}/${encodeURIComponent(fileName)}`;
}
