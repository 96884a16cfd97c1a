// What this browser remembers between visits. Without storage (private windows, full disks) nothing is
// remembered, and nothing breaks.

type Key = 'key' | 'language' | 'options' | 'requested' | 'shortcuts' | 'notify' | 'volume';

const prefix = 'tapedeck:';

/** What was remembered under this key; null when nothing was. */
export function recall(key: Key): string | null {
  try {
    return localStorage.getItem(prefix + key);
  } catch {
    return null;
  }
}

export function remember(key: Key, value: string): void {
  try {
    localStorage.setItem(prefix + key, value);
  } catch {
    // The page works without it.
  }
}

export function forget(key: Key): void {
  try {
    localStorage.removeItem(prefix + key);
  } catch {
    // Nothing was kept there.
  }
}

/** A remembered value of JSON; null when there is none or it cannot be read. */
export function recallJson(key: Key): unknown {
  try {
    return JSON.parse(recall(key) ?? 'null');
  } catch {
    return null;
  }
}
