/** @jsxImportSource react */
// Makes `result.url` in an answer a link to the MP3. Answers hold a path of this server, and the
// editor by itself knows absolute addresses only.

import { useMonaco } from '@graphiql/react';
import { useEffect } from 'react';

/** Renders nothing; while mounted, Ctrl+click (Cmd+click on a Mac) on a file's path opens it. */
export function FileLinks() {
  const monaco = useMonaco((state) => state.monaco);
  useEffect(() => {
    const registration = monaco?.languages.registerLinkProvider('json', {
      provideLinks: (model) => ({
        links: model
          .findMatches('(?<=")/files/[^"]+', true, true, true, null, false)
          .map(({ range }) => ({ range, url: location.origin + model.getValueInRange(range) })),
      }),
    });
    return () => registration?.dispose();
  }, [monaco]);
  return null;
}
