// The service worker, which is here for notifications alone: phones show those of service workers only. It
// keeps nothing and answers no request, for a page out of a cache would be a stale one.
// @ts-nocheck: its scope is another than that of pages, whose types are known here.

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.tag));
});

/** Brings the page to the front and tells it which job it is about; opens it when it is closed. */
async function show(jobId) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find(({ url }) => ['/', '/queue'].includes(new URL(url).pathname));
  if (page === undefined) return self.clients.openWindow('/');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a Client's takes none
  page.postMessage({ jobId });
  // Refused when the click is long ago; the message has arrived all the same.
  await page.focus().catch(() => {});
}
