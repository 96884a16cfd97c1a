// A database with a past: finished and queued jobs by the million, made in bulk and not through the API. Indexes are
// built afterwards, as a restore does it; the rows are what the API and the worker would have written.

import type { Database } from '../../src/db/pool.ts';

type Size = { readonly finished: number; readonly queued: number };

/** Stands in one of so many titles; the common one in every fourth. */
export const rareWord = 'kookaburra';
const titlesPerRareWord = 20_000;
export const commonWord = 'live';

/** A word of 4,000, each the beginning of some title. */
const word = (step: number) => `'w' || left(md5(((n * ${step}) % 4000)::text), 5)`;

const insertFinished = `
  with made as (
    insert into tapedeck.jobs
      (id, version, status, site, external_id, source_url, quality, embed_thumbnail, attempt, max_attempts, fraction,
       title, uploader, duration_seconds, artifact_token, artifact_size_bytes, artifact_sha256,
       artifact_duration_seconds, artifact_bitrate_kbps, expires_at, failure_code, failed_at,
       created_at, run_at, started_at, updated_at, finished_at)
    select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 9, status, 'youtube', video,
      'https://www.youtube.com/watch?v=' || video, 'KBPS_192', true, 1, 5, 1,
      ${word(7)} || ' ' || ${word(13)} || case when n % 4 = 0 then ' ${commonWord}' else '' end
        || case when n % ${titlesPerRareWord} = 0 then ' ${rareWord}' else '' end,
      'Artist ' || n % 5000, 200,
      case when has_file then md5('t' || n) end, case when has_file then 4800000 end,
      case when has_file then md5('a' || n) || md5('b' || n) end, case when has_file then 200 end,
      case when has_file then 192 end, case when has_file then born + interval '1 day' end,
      case when status = 'FAILED' then 'UNAVAILABLE' end, case when status = 'FAILED' then born end,
      born, born, born, born + interval '20 seconds', born + interval '20 seconds'
    from (
      select n, left(md5('v' || n), 11) as video, now() - make_interval(secs => 3600 + ($1 - n)) as born,
        case when n % 50 = 0 then 'FAILED' when n % 51 = 0 then 'CANCELED'
             when n > $1 - 20000 then 'SUCCEEDED' else 'EXPIRED' end as status,
        n % 50 <> 0 and n % 51 <> 0 as has_file
      from generate_series(1, $1::integer) as n) as past
    returning id)
  insert into tapedeck.job_owners (owner_id, job_id) select 'everybody', id from made`;

// Not due before tomorrow: they are to lie there, and not to be served before what is measured.
const insertQueued = `
  with made as (
    insert into tapedeck.jobs
      (site, external_id, source_url, quality, embed_thumbnail, max_attempts, place, run_at)
    select 'youtube', video, 'https://www.youtube.com/watch?v=' || video, 'KBPS_192', true, 5, n,
      date_trunc('milliseconds', now() + interval '1 day')
    from (select n, left(md5('q' || n), 11) as video from generate_series(1, $1::integer) as n) as waiting
    returning *),
  owned as (
    insert into tapedeck.job_owners (owner_id, job_id, place) select 'everybody', id, place from made)
  select tapedeck.enqueue_all(array_agg(made::tapedeck.jobs)) from made`;

/** Everybody owns all of them. */
export async function fillDatabase(pool: Database, { finished, queued }: Size): Promise<void> {
  const client = await pool.connect();
  try {
    // Neither the story of each job nor the checks of foreign keys: they would take an hour.
    await client.query('set session_replication_role = replica');
    await client.query(`set maintenance_work_mem = '512MB'`);
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
       from pg_index where indrelid = 'tapedeck.jobs'::regclass and not indisprimary`,
    );
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    await client.query(insertFinished, [finished]);
    await client.query(insertQueued, [queued]);
    for (const { definition } of indexes) await client.query(definition);
    await client.query('reset session_replication_role');
    await client.query('vacuum analyze');
    await client.query('checkpoint');
  } finally {
    client.release(true);
  }
}
