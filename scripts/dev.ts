// `npm run dev`: the server, started anew at every change of its sources, and before it Vite with the
// page, which changes in the open browser as it is written. It takes the settings of `npm start`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createServer } from 'vite';

const root = resolve(import.meta.dirname, '..');
// The two must find each other: "any free port" (0) is no answer here.
const port = Number(process.env['PORT']) || 4000;
const target = `http://127.0.0.1:${port}`;

const api = spawn(process.execPath, ['--watch', 'src/main.ts'], {
  ...{ cwd: root, stdio: 'inherit' },
  env: { ...process.env, PORT: String(port) },
});
const vite = await createServer({
  configFile: resolve(root, 'web/page/vite.config.ts'),
  server: {
    host: '127.0.0.1',
    port: port + 1,
    proxy: {
      '/graphql': { target, ws: true },
      ...{ '/files': { target }, '/previews': { target }, '/thumbnails': { target } },
      '/graphiql': { target },
    },
  },
});
await vite.listen();
console.log(`The page with hot reload: ${vite.resolvedUrls?.local[0] ?? ''}`);

// Ctrl+C reaches the server as well, and it stops in its own order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => api.kill(signal));
const [code] = (await once(api, 'exit')) as [number | null];
await vite.close();
process.exit(code ?? 0);
