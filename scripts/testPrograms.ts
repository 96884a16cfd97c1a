// What the tests run beside, all of it in Debian. It installs nothing: tools.ts does.

/** Debian's package, and the names that its program goes by. */
export const testPrograms = {
  bubblewrap: ['bwrap'],
  caddy: ['caddy'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  'docker-compose': ['docker-compose'],
  nginx: ['nginx'],
  openssl: ['openssl'],
  prometheus: ['promtool'],
} as const;
