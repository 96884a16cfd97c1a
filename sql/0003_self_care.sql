-- What Tapedeck sees to by itself: sites that refuse us, and the yt-dlp that it uses.

-- The lane of a site: all its jobs. While the site refuses us (bot checks, 429) its lane is paused: jobs wait
-- instead of being refused one after the other, then a single one probes. A site that never refused has no row.
-- Whoever locks a lane locks it before any QUEUED job, so that two of the functions below cannot deadlock.

create table tapedeck.lanes (
  site text not null,
  -- Refusals in a row, none of them answered by a download in between.
  refusals integer not null,
  refused_at timestamptz(3) not null,
  -- The latest refusal's.
  code text not null,
  -- Pauses in a row: each is longer than the one before.
  pauses integer not null default 0,
  paused_at timestamptz(3),
  -- When the next job may probe; moved on while one does.
  paused_until timestamptz(3),
  -- The job that probes, or did last.
  probe_job_id uuid,
  constraint lanes_pkey primary key (site),
  constraint lanes_paused_or_open
    check ((pauses > 0) = (paused_at is not null) and (pauses > 0) = (paused_until is not null))
);

-- May the attempt that is about to start do so? Only a paused lane says no, and then not to its probe.
create function tapedeck.may_start(p_job_id uuid, p_site text) returns boolean
language sql stable
return not exists (
  select from tapedeck.lanes
  where site = p_site and paused_until is not null and probe_job_id is distinct from p_job_id);

-- Called for a queued job that may not start. MAY_START: its lane is open again, or it is the probe now.
-- HELD: it waits until the lane's time has come, and its attempt does not count. FAILED: it has waited for longer
-- than p_longest_wait, and ends with the lane's code. GONE: it is not queued any more.
create function tapedeck.wait_in_lane(p_job_id uuid, p_probe interval, p_longest_wait interval)
returns text
language plpgsql volatile as $$
declare
  lane tapedeck.lanes;
  job tapedeck.jobs;
begin
  select l.* into lane from tapedeck.lanes l join tapedeck.jobs j using (site)
    where j.id = p_job_id and l.paused_until is not null
    for update of l;
  if not found then
    return 'MAY_START';
  end if;
  if lane.paused_until <= now() then
    -- Whoever asks next waits for what this one learns; a probe that is never heard of again holds nobody for long.
    update tapedeck.lanes set probe_job_id = p_job_id, paused_until = now() + p_probe
      where site = lane.site;
    return 'MAY_START';
  end if;
  update tapedeck.jobs j
    set version = j.version + 1, updated_at = now(), status = 'FAILED', finished_at = now(),
        held_at = null, failure_code = lane.code, failed_at = now()
    where j.id = p_job_id and j.status = 'QUEUED' and j.held_at < now() - p_longest_wait
    returning j.* into job;
  if found then
    perform tapedeck.announce(job);
    return 'FAILED';
  end if;
  update tapedeck.jobs j
    set version = j.version + 1, updated_at = now(), run_at = lane.paused_until,
        held_at = coalesce(j.held_at, now()), failure_code = lane.code, failed_at = lane.refused_at
    where j.id = p_job_id and j.status = 'QUEUED'
    returning j.* into job;
  if not found then
    return 'GONE';
  end if;
  perform tapedeck.enqueue(job);
  perform tapedeck.announce(job);
  return 'HELD';
end
$$;

-- Told of each refusal. After p_patience of them in a row the lane is paused; of those that were on their way by then
-- only the probe's makes the pause longer. Answers the end of the pause that this refusal began, else null.
create function tapedeck.refuse_lane(
  p_site text, p_job_id uuid, p_code text, p_patience integer, p_first_pause interval,
  p_longest_pause interval)
returns timestamptz
language plpgsql volatile as $$
declare
  lane tapedeck.lanes;
begin
  insert into tapedeck.lanes as l (site, refusals, refused_at, code)
    values (p_site, 1, now(), p_code)
    on conflict (site) do update
    set refusals = case when l.refused_at > now() - interval '1 hour' then l.refusals + 1 else 1 end,
        refused_at = now(), code = p_code
    returning * into lane;
  if lane.pauses = 0 and lane.refusals < p_patience then
    return null;
  end if;
  if lane.pauses > 0 and lane.probe_job_id is distinct from p_job_id then
    return null;
  end if;
  update tapedeck.lanes
    set pauses = lane.pauses + 1, paused_at = coalesce(lane.paused_at, now()), probe_job_id = null,
        paused_until = now() + least(p_first_pause * 2 ^ least(lane.pauses, 20), p_longest_pause)
    where site = p_site
    returning * into lane;
  return lane.paused_until;
end
$$;

-- Told that the site has served us: its lane is open, and the jobs that waited in it, or to be tried again after a
-- refusal, are due at once, each at its place. Answers how many; null when the lane was not paused.
create function tapedeck.open_lane(p_site text) returns integer
language plpgsql volatile as $$
declare
  lane tapedeck.lanes;
  released tapedeck.jobs[];
begin
  -- Nearly always there is nothing to do, and nothing to lock.
  perform from tapedeck.lanes where site = p_site;
  if not found then
    return null;
  end if;
  delete from tapedeck.lanes where site = p_site returning * into lane;
  if not found or lane.pauses = 0 then
    return null;
  end if;
  with due as (
    update tapedeck.jobs j
      set version = j.version + 1, updated_at = now(), held_at = null,
          run_at = date_trunc('milliseconds', now()),
          failure_code = case when j.attempt > 0 then j.failure_code end,
          failed_at = case when j.attempt > 0 then j.failed_at end
      from (
        select h.id from tapedeck.jobs h
        where h.site = p_site and h.status = 'QUEUED'
          and (h.held_at is not null or (h.failure_code = lane.code and h.run_at > now()))
        order by h.id for update) as held
      where j.id = held.id
      returning j.*)
  select array_agg(due::tapedeck.jobs) into released from due;
  perform tapedeck.enqueue_all(released);
  perform tapedeck.announce(job) from unnest(released) as job;
  return coalesce(cardinality(released), 0);
end
$$;

-- How each yt-dlp does that Tapedeck fetched itself or may replace: the ground for going back to the one before.
create table tapedeck.ytdlp_versions (
  version text not null,
  succeeded integer not null default 0,
  failed integer not null default 0,
  -- Never used again, and why: it failed its trial, or too often afterwards.
  rejected_at timestamptz(3),
  rejected_for text,
  constraint ytdlp_versions_pkey primary key (version),
  constraint ytdlp_versions_rejected_with_reason check ((rejected_at is null) = (rejected_for is null))
);

-- What only one process may do at a time. Whoever dies lets go of it when the time is over.
create table tapedeck.leases (
  name text not null,
  until timestamptz(3) not null,
  constraint leases_pkey primary key (name)
);
