-- What the roles tapedeck_api and tapedeck_worker may do, where an operator has made them. Run by the owner after
-- each migration, and any number of times. Where neither role is there, the owner does everything, as ever.
-- Neither may change the schema or own anything. The API never touches graphile-worker: it calls tapedeck.enqueue_all
-- and tapedeck.dequeue, which do so as the owner. The worker runs strangers' media, so it sees no key and no owner.

do $grants$
declare
  -- Whoever starts at the same time waits here.
  locked constant text := pg_advisory_xact_lock(hashtextextended('tapedeck grants', 0))::text;
  has_api constant boolean := to_regrole('tapedeck_api') is not null;
  has_worker constant boolean := to_regrole('tapedeck_worker') is not null;
  definer regprocedure;
  relation regclass;
begin
  if not has_api and not has_worker then
    return;
  end if;

  -- What runs with the owner's rights is for these two alone.
  for definer in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'tapedeck'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
  loop
    execute format('revoke execute on function %s from public', definer);
    if has_api then
      execute format('grant execute on function %s to tapedeck_api', definer);
    end if;
  end loop;

  if has_api then
    grant usage on schema tapedeck to tapedeck_api;
    grant select on all tables in schema tapedeck to tapedeck_api;
    revoke all on tapedeck.api_keys from tapedeck_api;
    grant insert, update, delete on tapedeck.jobs, tapedeck.job_owners, tapedeck.idempotency_keys to tapedeck_api;
    grant insert, update on tapedeck.buckets, tapedeck.queue_gauge to tapedeck_api;
    grant usage on sequence tapedeck.arrivals to tapedeck_api;
  end if;

  if has_worker then
    grant usage on schema tapedeck, graphile_worker to tapedeck_worker;
    grant select, insert, update, delete on all tables in schema tapedeck to tapedeck_worker;
    revoke all on tapedeck.api_keys, tapedeck.queue_gauge from tapedeck_worker;
    revoke insert, update, delete on
      tapedeck.migrations, tapedeck.job_owners, tapedeck.job_events from tapedeck_worker;
    revoke insert, delete on tapedeck.jobs from tapedeck_worker;
    -- Locking a row to delete it takes the right to update one.
    revoke insert, update on tapedeck.idempotency_keys from tapedeck_worker;
    revoke insert on tapedeck.buckets from tapedeck_worker;
    revoke select on tapedeck.job_owners, tapedeck.idempotency_keys from tapedeck_worker;
    grant select (created_at) on tapedeck.idempotency_keys to tapedeck_worker;
    grant execute on function tapedeck.enqueue_all(tapedeck.jobs[]) to tapedeck_worker;
    grant select, insert, update, delete on all tables in schema graphile_worker to tapedeck_worker;
    revoke insert, update, delete on graphile_worker.migrations from tapedeck_worker;
    grant usage on all sequences in schema graphile_worker to tapedeck_worker;
    grant execute on all functions in schema graphile_worker to tapedeck_worker;
    -- Its tables have row security and no policy, which shows them to their owner alone.
    for relation in
      select c.oid::regclass from pg_class c
      where c.relnamespace = 'graphile_worker'::regnamespace and c.relrowsecurity
        and not exists (
          select from pg_policy p where p.polrelid = c.oid and p.polname = 'tapedeck_worker')
    loop
      execute format(
        'create policy tapedeck_worker on %s to tapedeck_worker using (true) with check (true)', relation);
    end loop;
  end if;
end
$grants$;
