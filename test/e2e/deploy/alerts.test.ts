// The alert rules and the dashboard as Prometheus itself reads them, by its promtool. That they ask for metrics which
// there are is tested in integration/http/metrics.

import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { openFolder } from '../../support/folder.ts';

const deploy = resolve(import.meta.dirname, '../../../deploy');
const read = (path: string) => readFileSync(`${deploy}/${path}`, 'utf8');

/** What promtool says; throws when it finds a fault. */
function promtool(...args: string[]): string {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, {
    cwd: `${deploy}/prometheus`,
    encoding: 'utf8',
  });
  if (error !== undefined) {
    throw new Error(
      'promtool cannot be run; install it, on Debian with: apt-get install prometheus',
      { cause: error },
    );
  }
  if (status !== 0)
    throw new Error(`promtool ${args.join(' ')}: exit ${status}\n${stdout}${stderr}`);
  return stdout + stderr;
}

test('Prometheus takes the configuration, with its rules', () => {
  expect(promtool('check', 'config', 'prometheus.yaml')).toMatch(/SUCCESS.*\d+ rules found/s);
});

test('every alert fires on the figures that it is for, and says what its test expects', () => {
  expect(promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  type Rules = { groups: { rules: { alert: string }[] }[] };
  type Tests = { tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] };
  const rules = parse(read('prometheus/alerts.yaml')) as Rules;
  const { tests } = parse(read('prometheus/alerts.test.yaml')) as Tests;
  const fired = tests
    .flatMap(({ alert_rule_test: expected }) => expected)
    .filter(({ exp_alerts: alerts }) => alerts.length > 0)
    .map(({ alertname }) => alertname);
  const alerts = rules.groups.flatMap((group) => group.rules.map(({ alert }) => alert));
  expect(new Set(fired)).toEqual(new Set(alerts));
});

test('Prometheus can read every query of the dashboard', async () => {
  await using folder = await openFolder();
  const { panels } = JSON.parse(read('grafana/tapedeck.json')) as {
    panels: { targets: { expr: string }[] }[];
  };
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expect(queries.length).toBeGreaterThan(10);
  const rules = queries.map((query, index) => ({
    record: `panel:${index}`,
    // Grafana's own variable for a range.
    expr: query.replaceAll('$__rate_interval', '5m'),
  }));
  await writeFile(folder.file('rules.yaml'), stringify({ groups: [{ name: 'panels', rules }] }));
  expect(promtool('check', 'rules', folder.file('rules.yaml'))).toContain(
    `${queries.length} rules found`,
  );
});
