-- The job, its owners and the keys that make a request repeatable. Every rule that a race could
-- break is a constraint or a guarded statement here; src/domain/job.ts draws the same machine.

-- Version 7 of RFC 9562: milliseconds first, so that new rows land side by side in the index.
-- Postgres has a uuidv7() of its own from 18 on; we support 15.
create function tapedeck.new_id() returns uuid
language sql volatile parallel safe
return encode(
  set_bit(
    set_bit(
      overlay(
        uuid_send(gen_random_uuid())
        placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
        from 1 for 6),
      52, 1),
    53, 1),
  'hex')::uuid;

-- Instants have milliseconds, as JavaScript's do: what a cursor carries is exactly what is stored.
create table tapedeck.jobs (
  id uuid not null default tapedeck.new_id(),
  version integer not null default 1,
  status text not null default 'QUEUED',

  site text not null,
  external_id text not null,
  source_url text not null,
  quality text not null,
  embed_thumbnail boolean not null,

  attempt integer not null default 0,
  max_attempts integer not null,
  worker_id text,

  phase text,
  fraction real not null default 0,
  bytes_done bigint,
  bytes_total bigint,
  bytes_per_second real,
  eta_seconds integer,
  progress_at timestamptz(3) not null default now(),

  title text,
  uploader text,
  duration_seconds double precision,
  thumbnail_url text,
  thumbnail_token text,
  preview_token text,

  artifact_token text,
  artifact_size_bytes bigint,
  artifact_sha256 text,
  artifact_duration_seconds double precision,
  artifact_bitrate_kbps integer,
  expires_at timestamptz(3),

  failure_code text,
  failed_at timestamptz(3),

  created_at timestamptz(3) not null default now(),
  -- Its place in the queue, the lowest first; tapedeck.next_place tells how it is chosen. It keeps it.
  place bigint not null default 0,
  -- When it may run, and after a start when it could have. Rounded down:
  -- half a millisecond in the future would make graphile-worker pass it over until its next poll.
  run_at timestamptz(3) not null default date_trunc('milliseconds', now()),
  -- Since when it waits in a paused lane (see 0003); null unless it does.
  held_at timestamptz(3),
  started_at timestamptz(3),
  updated_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),

  -- Punctuation goes first: the parser would take AC/DC for a path, -34 for a number and ’ for a letter.
  search tsvector not null generated always as (
    to_tsvector('simple', translate(
      normalize(coalesce(title, '') || ' ' || coalesce(uploader, '') || ' ' || external_id),
      '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~‘’‚“”„«»‹›–—―…·•¡¿♪、。・「」『』【】（）！？：／｜～', repeat(' ', 100)))
  ) stored,

  constraint jobs_pkey primary key (id),
  constraint jobs_status_known
    check (status in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED')),
  constraint jobs_phase_known
    check (phase in ('RESOLVING', 'DOWNLOADING', 'TRANSCODING', 'TAGGING', 'STORING')),
  constraint jobs_quality_known
    check (quality in ('KBPS_128', 'KBPS_192', 'KBPS_320', 'VBR_BEST')),
  constraint jobs_running_has_worker_and_phase
    check ((status = 'RUNNING') = (worker_id is not null) and (status = 'RUNNING') = (phase is not null)),
  constraint jobs_terminal_has_finish
    check ((status in ('SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED')) = (finished_at is not null)),
  constraint jobs_succeeded_has_artifact
    check (
      (status in ('SUCCEEDED', 'EXPIRED'))
      = (num_nonnulls(artifact_token, artifact_size_bytes, artifact_sha256,
                      artifact_duration_seconds, artifact_bitrate_kbps) = 5)),
  constraint jobs_artifact_whole_or_absent
    check (num_nonnulls(artifact_token, artifact_size_bytes, artifact_sha256,
                        artifact_duration_seconds, artifact_bitrate_kbps) in (0, 5)),
  constraint jobs_failure_has_instant check ((failure_code is null) = (failed_at is null)),
  constraint jobs_failed_has_failure check (status <> 'FAILED' or failure_code is not null),
  constraint jobs_succeeded_has_no_failure check (status <> 'SUCCEEDED' or failure_code is null),
  constraint jobs_held_is_queued check (held_at is null or status = 'QUEUED'),
  constraint jobs_attempt_in_range check (attempt between 0 and max_attempts),
  constraint jobs_fraction_in_range check (fraction between 0 and 1)
)
-- Progress rewrites a row in place (HOT) as long as its page has room.
with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- Two requests for the same MP3 cannot run side by side, whatever races.
create unique index jobs_one_active_per_identity
  on tapedeck.jobs (site, external_id, quality, embed_thumbnail) where status in ('QUEUED', 'RUNNING');
create index jobs_reusable
  on tapedeck.jobs (site, external_id, quality, embed_thumbnail, finished_at) where status = 'SUCCEEDED';
create unique index jobs_artifact_token on tapedeck.jobs (artifact_token) where artifact_token is not null;
-- Of the attempt under way: what has ended is found by its artifact's token, which is the same.
create unique index jobs_preview_token on tapedeck.jobs (preview_token)
  where status = 'RUNNING' and preview_token is not null;
create unique index jobs_thumbnail_token on tapedeck.jobs (thumbnail_token) where thumbnail_token is not null;
create index jobs_queue on tapedeck.jobs (place, id) where status = 'QUEUED';
create index jobs_in_service on tapedeck.jobs (place) where status = 'RUNNING';
create index jobs_held on tapedeck.jobs (site) where held_at is not null;
create index jobs_running on tapedeck.jobs (worker_id) where status = 'RUNNING';
create index jobs_expiry on tapedeck.jobs (expires_at) where status = 'SUCCEEDED';
create index jobs_active on tapedeck.jobs (created_at, id) where status in ('QUEUED', 'RUNNING');
create index jobs_by_source on tapedeck.jobs (site, external_id, created_at);
create index jobs_by_creation on tapedeck.jobs (created_at, id);
create index jobs_by_finish on tapedeck.jobs ((coalesce(finished_at, 'infinity')), id);
-- A page of the history, anywhere and for any status, is read in the order of one of these.
create index jobs_ended on tapedeck.jobs (created_at, id) where finished_at is not null;
create index jobs_by_status on tapedeck.jobs (status, created_at, id);
create index jobs_by_status_and_finish on tapedeck.jobs (status, (coalesce(finished_at, 'infinity')), id);
-- Active jobs apart: a search is not to read a hundred thousand of them that have no title yet.
create index jobs_search_active on tapedeck.jobs using gin (search)
  with (fastupdate = off) where finished_at is null;
create index jobs_search_ended on tapedeck.jobs using gin (search)
  with (fastupdate = off) where finished_at is not null;

create table tapedeck.job_owners (
  owner_id text not null,
  job_id uuid not null,
  -- A pseudonym of the address that asked, for the limits; null where nobody counts.
  address text,
  -- While the job is active: where it would stand if it were this owner's alone.
  place bigint,
  -- While the MP3 is kept.
  stored_bytes bigint,
  constraint job_owners_pkey primary key (owner_id, job_id),
  constraint job_owners_job_id_fkey
    foreign key (job_id) references tapedeck.jobs (id) on delete cascade
);
create index job_owners_by_job on tapedeck.job_owners (job_id);
create index job_owners_active on tapedeck.job_owners (owner_id, place) where place is not null;
create index job_owners_active_by_address
  on tapedeck.job_owners (address) where address is not null and place is not null;
create index job_owners_stored
  on tapedeck.job_owners (owner_id) include (stored_bytes) where stored_bytes is not null;
create index job_owners_stored_by_address
  on tapedeck.job_owners (address) include (stored_bytes)
  where address is not null and stored_bytes is not null;

-- What the limits count follows the job's status, so that no statement can forget it.
create function tapedeck.follow_status() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update tapedeck.job_owners
    set place = case when new.status in ('QUEUED', 'RUNNING') then new.place end,
        stored_bytes = case when new.status = 'SUCCEEDED' then new.artifact_size_bytes end
    where job_id = new.id;
  return null;
end
$$;

create trigger jobs_follow_status after update of status on tapedeck.jobs
  for each row when (
    (old.status in ('QUEUED', 'RUNNING'), old.status = 'SUCCEEDED')
    is distinct from (new.status in ('QUEUED', 'RUNNING'), new.status = 'SUCCEEDED'))
  execute function tapedeck.follow_status();

create table tapedeck.idempotency_keys (
  owner_id text not null,
  key text not null,
  -- Of the arguments as accepted: the same key with other arguments is a caller's mistake.
  arguments_hash text not null,
  job_id uuid,
  created_at timestamptz(3) not null default now(),
  constraint idempotency_keys_pkey primary key (owner_id, key),
  -- Who leaves a job loses its keys too: a replay would show a job that is no longer theirs.
  constraint idempotency_keys_owner_fkey
    foreign key (owner_id, job_id) references tapedeck.job_owners (owner_id, job_id) on delete cascade
);
create index idempotency_keys_by_age on tapedeck.idempotency_keys (created_at);
create index idempotency_keys_by_job on tapedeck.idempotency_keys (owner_id, job_id);

-- One row a living worker process. Its id is that of the graphile-worker pool that converts, which locks queue
-- jobs by it; the other pools run its chores.
create table tapedeck.workers (
  id text not null,
  host text not null,
  slots integer not null,
  other_pool_ids text[] not null default '{}',
  started_at timestamptz(3) not null default now(),
  seen_at timestamptz(3) not null default now(),
  constraint workers_pkey primary key (id),
  constraint workers_slots_positive check (slots > 0)
);

-- How many workers a source has taken down with it lately. Of the source, not of the job: whoever asks for it again
-- would kill three more.
create table tapedeck.source_losses (
  site text not null,
  external_id text not null,
  losses integer not null,
  lost_at timestamptz(3) not null default now(),
  constraint source_losses_pkey primary key (site, external_id)
);

-- Tells every API process that a job changed. Carries the id alone: listeners read the row.
-- To be called in the statement that changes the row, so that neither is ever there without the other.
create function tapedeck.announce(job tapedeck.jobs) returns void
language sql volatile
return pg_notify('tapedeck_jobs', job.id::text);

-- Numbers arrivals within a round; that it starts again after a million disturbs one round at most.
create sequence tapedeck.arrivals minvalue 0 maxvalue 999999 cycle;

-- The place of an owner's next job. Jobs are served in rounds, in each of them one job of every owner: a job comes
-- in the round after the one in service, and after its owner's last. So somebody's single song waits for one song
-- of a playlist, never for the rest; and since nobody joins a round that has begun, nobody waits for ever. A place
-- is the number of its round, times a million, plus the number of its arrival.
create function tapedeck.next_place(p_owner_id text) returns bigint
language plpgsql volatile as $$
begin
  return 1000000 * greatest(
      (select max(o.place) / 1000000 + 1 from tapedeck.job_owners o
       where o.owner_id = p_owner_id and o.place is not null),
      (select max(j.place) / 1000000 + 1 from tapedeck.jobs j where j.status = 'RUNNING'),
      -- Nothing runs: the round of the first in the queue has not begun.
      (select min(j.place) / 1000000 from tapedeck.jobs j where j.status = 'QUEUED'),
      0)
    + nextval('tapedeck.arrivals');
end
$$;

-- When graphile-worker is to deliver the job. It serves by priority and time, so a job that is due is told
-- to it as due long ago, by its place. One that waits for its time has had a turn already: it goes first then.
create function tapedeck.delivery_at(job tapedeck.jobs) returns timestamptz
language sql stable
return case when job.run_at > now() then job.run_at
         else 'epoch'::timestamptz + job.place * interval '1 microsecond' end;

-- Hands jobs to graphile-worker, each at its delivery_at. The job's id is the key: a second call replaces a
-- waiting queue job and supersedes a locked one. The payload is the id alone, the row is the truth.
-- The settings bind the plans inside add_jobs, which are made in our session: left to itself the planner makes
-- them anew at each call (three times the cost of running them), or when the queue was empty, and then reads the
-- whole queue for each job.
-- With the owner's rights: nobody else reaches graphile-worker's tables.
create function tapedeck.enqueue_all(jobs tapedeck.jobs[]) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  perform graphile_worker.add_jobs(array(
    select row('convert', json_build_object('jobId', job.id), null, tapedeck.delivery_at(job), 25, job.id::text,
        case when job.run_at > now() then -1 else 0 end, null)::graphile_worker.job_spec
    from unnest(jobs) as job));
end
$$;

-- Takes the job's queue job back; one that is being delivered finds nothing to claim.
create function tapedeck.dequeue(p_job_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform graphile_worker.remove_job(p_job_id::text);
end
$$;

create function tapedeck.enqueue(job tapedeck.jobs) returns void
language plpgsql volatile as $$
begin
  perform tapedeck.enqueue_all(array[job]);
end
$$;

-- The newest MP3 that may answer a request; null when there is none. The lock keeps the expiry away until
-- the new owner is on record. One value and no set: a set costs three times as much, twice a request.
create function tapedeck.find_reusable(
  p_site text, p_external_id text, p_quality text, p_embed_thumbnail boolean)
returns tapedeck.jobs
language plpgsql volatile as $$
declare
  finished tapedeck.jobs;
begin
  select * into finished from tapedeck.jobs j
    where j.site = p_site and j.external_id = p_external_id and j.quality = p_quality
      and j.embed_thumbnail = p_embed_thumbnail and j.status = 'SUCCEEDED'
      and (j.expires_at is null or j.expires_at > now())
    order by j.finished_at desc limit 1
    for share;
  return finished;
end
$$;

-- What a caller, an address and the queue may have; 0004 counts. Null limits nothing.
create type tapedeck.limits as (
  owner_per_minute integer,
  address_per_minute integer,
  owner_active integer,
  address_active integer,
  owner_stored_bytes bigint,
  address_stored_bytes bigint,
  queued integer
);

-- The rules of requestMp3. Outcomes: CREATED, JOINED, REUSED, REPLAYED; with a null job IDEMPOTENCY_KEY_REUSED,
-- and where limits are given (see 0004) RATE_LIMITED, TOO_MANY_ACTIVE_JOBS, TOO_MUCH_STORED and QUEUE_FULL.
-- A CREATED job is not enqueued yet: request_jobs does it for all of its requests at once.
create function tapedeck.request_job(
  p_owner_id text, p_site text, p_external_id text, p_source_url text,
  p_quality text, p_embed_thumbnail boolean, p_max_attempts integer, p_may_reuse boolean,
  p_idempotency_key text, p_arguments_hash text,
  p_address text default null, p_limits tapedeck.limits default null, p_is_full boolean default false,
  out outcome text, out job tapedeck.jobs, out retry_at timestamptz, out points_left real)
language plpgsql volatile as $$
declare
  -- Decided once: where nobody counts, it costs nothing.
  is_metered constant boolean :=
    p_limits.owner_per_minute is not null or p_limits.address_per_minute is not null;
  is_limited constant boolean := p_is_full
    or num_nonnulls(p_limits.owner_active, p_limits.address_active,
         p_limits.owner_stored_bytes, p_limits.address_stored_bytes) > 0;
  chosen_place bigint;
  refusal text;
  known tapedeck.idempotency_keys;
  active_id uuid;
  is_new boolean;
  finished tapedeck.jobs;
begin
  if is_metered then
    select b.retry_at, b.points_left into retry_at, points_left
      from tapedeck.open_buckets(p_owner_id, p_address, p_limits) b;
    if retry_at is not null then
      outcome := 'RATE_LIMITED';
      return;
    end if;
  end if;

  if p_idempotency_key is not null then
    delete from tapedeck.idempotency_keys
      where owner_id = p_owner_id and key = p_idempotency_key
        and created_at < now() - interval '24 hours';
    loop
      -- A concurrent call with the same key waits here until the first has committed.
      insert into tapedeck.idempotency_keys (owner_id, key, arguments_hash)
        values (p_owner_id, p_idempotency_key, p_arguments_hash)
        on conflict do nothing;
      exit when found;
      -- The lock keeps the job from being deleted. When it was deleted since the insert, the key is free.
      select * into known from tapedeck.idempotency_keys
        where owner_id = p_owner_id and key = p_idempotency_key
        for key share;
      continue when not found;
      if known.arguments_hash <> p_arguments_hash then
        outcome := 'IDEMPOTENCY_KEY_REUSED';
        return;
      end if;
      select * into job from tapedeck.jobs where id = known.job_id;
      outcome := 'REPLAYED';
      if is_metered then
        points_left := tapedeck.charge(p_owner_id, p_address, p_limits, outcome);
      end if;
      return;
    end loop;
  end if;

  if p_may_reuse then
    job := tapedeck.find_reusable(p_site, p_external_id, p_quality, p_embed_thumbnail);
    if job.id is not null then
      outcome := 'REUSED';
    end if;
  end if;

  if is_limited then
    select r.code, r.retry_at into refusal, retry_at
      from tapedeck.find_refusal(
        p_owner_id, p_address, p_limits, p_is_full, job.id,
        coalesce(job.id, (
          select a.id from tapedeck.jobs a
          where a.site = p_site and a.external_id = p_external_id and a.quality = p_quality
            and a.embed_thumbnail = p_embed_thumbnail and a.status in ('QUEUED', 'RUNNING')))) r;
    if refusal is not null then
      delete from tapedeck.idempotency_keys
        where owner_id = p_owner_id and key = p_idempotency_key;
      outcome := refusal;
      job := null;
      return;
    end if;
  end if;

  if outcome is null then
    chosen_place := tapedeck.next_place(p_owner_id);
    insert into tapedeck.jobs as j
      (site, external_id, source_url, quality, embed_thumbnail, max_attempts, place)
      values (p_site, p_external_id, p_source_url, p_quality, p_embed_thumbnail, p_max_attempts,
        chosen_place)
      on conflict (site, external_id, quality, embed_thumbnail) where status in ('QUEUED', 'RUNNING')
      -- Changes nothing, but locks the active job and returns it even when our snapshot is older.
      do update set updated_at = j.updated_at
      -- A row that no transaction has updated or locked yet is the one just inserted.
      returning j.id, j.xmax = 0 into active_id, is_new;
    select * into job from tapedeck.jobs j where j.id = active_id;
    outcome := case when is_new then 'CREATED' else 'JOINED' end;
  end if;

  if outcome = 'CREATED' and p_may_reuse then
    -- The active job may have succeeded since the first look, even while the insert waited for it.
    finished := tapedeck.find_reusable(p_site, p_external_id, p_quality, p_embed_thumbnail);
    if finished.id is not null then
      delete from tapedeck.jobs where id = job.id;
      job := finished;
      outcome := 'REUSED';
    end if;
  end if;
  if outcome = 'JOINED' and job.status = 'QUEUED' and chosen_place < job.place then
    -- Alone, the newcomer would be served earlier: a playlist that has the song too is no reason to wait.
    update tapedeck.jobs j set place = chosen_place where j.id = job.id returning * into job;
    perform tapedeck.enqueue(job);
  end if;

  insert into tapedeck.job_owners (owner_id, job_id, address, place, stored_bytes)
    values (p_owner_id, job.id, p_address,
      case when job.status in ('QUEUED', 'RUNNING') then coalesce(chosen_place, job.place) end,
      case when job.status = 'SUCCEEDED' then job.artifact_size_bytes end)
    on conflict do nothing;
  if found then
    perform tapedeck.announce(job);
  end if;
  if p_idempotency_key is not null then
    update tapedeck.idempotency_keys set job_id = job.id
      where owner_id = p_owner_id and key = p_idempotency_key;
  end if;
  if is_metered then
    points_left := tapedeck.charge(p_owner_id, p_address, p_limits, outcome);
  end if;
end
$$;
