/** @jsxImportSource react */
// The API explorer: GraphiQL with our fetcher and our ready tabs, and nothing loaded from elsewhere.

/// <reference types="vite/client" />

import 'graphiql/setup-workers/vite';
import './style.css';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { fetcher } from './fetcher.ts';
import { FileLinks } from './FileLinks.tsx';
import { readyTabs, seedEditors } from './tabs.ts';

seedEditors(localStorage);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <GraphiQL fetcher={fetcher} defaultTabs={readyTabs} defaultEditorToolsVisibility="variables">
    <GraphiQL.Logo>
      <a className="graphiql-logo-link" href="/">
        Tapedeck
      </a>
    </GraphiQL.Logo>
    <FileLinks />
  </GraphiQL>,
);
