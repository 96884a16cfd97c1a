-- The story of each job: one row for each change of status, phase or attempt, never for progress. Written by a
-- trigger, so that no statement can forget it; unlike a NOTIFY it costs nothing that others wait for.

create table tapedeck.job_events (
  job_id uuid not null,
  -- The job's version after the change: the order of the story.
  version integer not null,
  at timestamptz(3) not null default now(),
  status text not null,
  phase text,
  attempt integer not null,
  failure_code text,
  constraint job_events_pkey primary key (job_id, version),
  constraint job_events_job_id_fkey
    foreign key (job_id) references tapedeck.jobs (id) on delete cascade
);

create function tapedeck.record_event() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tapedeck.job_events (job_id, version, status, phase, attempt, failure_code)
  values (new.id, new.version, new.status, new.phase, new.attempt, new.failure_code);
  return null;
end
$$;

create trigger jobs_record_creation after insert on tapedeck.jobs
  for each row execute function tapedeck.record_event();

create trigger jobs_record_change after update of status, phase, attempt on tapedeck.jobs
  for each row when (
    (old.status, old.phase, old.attempt) is distinct from (new.status, new.phase, new.attempt))
  execute function tapedeck.record_event();
