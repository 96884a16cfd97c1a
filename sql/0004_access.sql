-- Who may use the API: keys, stored as hashes. A key is 32 random bytes, so a plain SHA-256 is enough, and
-- finding one by its hash tells nothing by the time that it takes.

create table tapedeck.api_keys (
  -- What people call it by; not secret.
  id text not null,
  name text not null,
  hash bytea not null,
  scopes text[] not null,
  created_at timestamptz(3) not null default now(),
  -- To the minute.
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  constraint api_keys_pkey primary key (id),
  constraint api_keys_hash_key unique (hash),
  constraint api_keys_name_length check (length(name) between 1 and 100),
  constraint api_keys_scopes_known
    check (cardinality(scopes) > 0 and scopes <@ array['request', 'read', 'admin'])
);

-- The key with this hash while it is valid, and a note that it was used. With the owner's rights, so that
-- the API can neither read nor make keys.
create function tapedeck.use_api_key(p_hash bytea)
returns table (id text, scopes text[])
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  update tapedeck.api_keys k set last_used_at = now()
    where k.hash = p_hash and k.revoked_at is null
      and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute');
  return query
    select k.id, k.scopes from tapedeck.api_keys k where k.hash = p_hash and k.revoked_at is null;
end
$$;

-- Those of the keys that are valid still.
create function tapedeck.valid_api_keys(p_ids text[]) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select k.id from tapedeck.api_keys k where k.id = any (p_ids) and k.revoked_at is null;
end;

-- The limits themselves are a type in 0001; a member that is null limits nothing, and no function counts for it.

-- Token buckets, one for each owner and each address: they fill by the minute's allowance in a minute, and what is
-- done takes points out. Unlogged: after a crash everybody begins anew, and nobody waits for the disk for them.
-- Whoever locks one locks it before any job, and several in the order of their subjects: so nobody deadlocks.
create unlogged table tapedeck.buckets (
  subject text not null,
  -- May be below zero: what is done costs its price, also when less was left.
  points real not null default 'infinity',
  filled_at timestamptz not null default now(),
  constraint buckets_pkey primary key (subject)
) with (fillfactor = 50);
create index buckets_by_age on tapedeck.buckets (filled_at);

-- Points, of which an allowance of one request a minute is worth ten: what is new costs a conversion, the rest a look.
create function tapedeck.price(p_deed text) returns real
language sql immutable parallel safe
return case p_deed
    when 'CREATED' then 10 when 'RETRIED' then 10
    when 'JOINED' then 2 when 'REUSED' then 2 when 'CANCELED' then 2 when 'DELETED' then 2
    when 'REPLAYED' then 1
    else 0
  end;

-- To be called first, with all callers of the transaction. Missing buckets are made, full.
create function tapedeck.lock_buckets(p_owner_ids text[], p_addresses text[]) returns void
language plpgsql volatile as $$
declare
  subjects constant text[] := array(
    select distinct s from (
      select 'address ' || a as s from unnest(p_addresses) a
      union all select 'owner ' || o from unnest(p_owner_ids) o) as all_of_them
    where s is not null order by s);
begin
  insert into tapedeck.buckets (subject) select unnest(subjects) on conflict do nothing;
  perform from tapedeck.buckets where subject = any (subjects) order by subject for update;
end
$$;

-- What is in a bucket by now.
create function tapedeck.points_of(bucket tapedeck.buckets, per_minute integer) returns real
language sql volatile
return least(
  per_minute * 10,
  bucket.points + per_minute / 6.0::real
    * greatest(0, extract(epoch from clock_timestamp() - bucket.filled_at)::real));

-- With a retry_at one of the caller's buckets is empty, and nothing may be done until then.
create function tapedeck.open_buckets(
  p_owner_id text, p_address text, limits tapedeck.limits, out retry_at timestamptz, out points_left real)
language plpgsql volatile as $$
begin
  -- A second more than needed: `retryAt` is a promise.
  select min(points), max(clock_timestamp() + make_interval(secs => 1 + (1 - points) * 6 / per_minute))
      filter (where points < 1)
    into points_left, retry_at
    from (
      select g.per_minute, tapedeck.points_of(b, g.per_minute) as points
      from (values ('address ' || p_address, limits.address_per_minute),
                   ('owner ' || p_owner_id, limits.owner_per_minute)) as g (subject, per_minute)
      join tapedeck.buckets b using (subject)
      where g.per_minute is not null) as opened;
end
$$;

-- Takes the price out of the caller's buckets; answers what the emptier of them is left with.
create function tapedeck.charge(
  p_owner_id text, p_address text, limits tapedeck.limits, p_deed text) returns real
language plpgsql volatile as $$
declare
  left_over real;
begin
  with charged as (
    update tapedeck.buckets b
    set points = tapedeck.points_of(b, g.per_minute) - tapedeck.price(p_deed),
        filled_at = greatest(b.filled_at, clock_timestamp())
    from (values ('address ' || p_address, limits.address_per_minute),
                 ('owner ' || p_owner_id, limits.owner_per_minute)) as g (subject, per_minute)
    where b.subject = g.subject and g.per_minute is not null
    returning b.points)
  select min(points) into left_over from charged;
  return left_over;
end
$$;

-- How many jobs are QUEUED, as of a second ago at most: a long queue is not counted for each who asks.
create unlogged table tapedeck.queue_gauge (
  is_only boolean not null default true,
  queued integer not null,
  counted_at timestamptz not null,
  constraint queue_gauge_pkey primary key (is_only),
  constraint queue_gauge_is_only check (is_only)
);

create function tapedeck.is_queue_full(limits tapedeck.limits) returns boolean
language plpgsql volatile as $$
declare
  gauge tapedeck.queue_gauge;
begin
  if limits.queued is null then
    return false;
  end if;
  select * into gauge from tapedeck.queue_gauge;
  -- One counts, and the others take what is there: nobody waits.
  if gauge.counted_at > clock_timestamp() - interval '1 second'
    or not pg_try_advisory_xact_lock(hashtextextended('tapedeck.queue_gauge', 0))
  then
    return coalesce(gauge.queued, 0) >= limits.queued;
  end if;
  insert into tapedeck.queue_gauge (queued, counted_at)
    select count(*), clock_timestamp() from tapedeck.jobs where status = 'QUEUED'
    on conflict (is_only) do update set queued = excluded.queued, counted_at = excluded.counted_at
    returning * into gauge;
  return gauge.queued >= limits.queued;
end
$$;

-- Why a caller may not have the job, or a new one when p_job_id is null; the code is null when they may. What
-- is theirs already costs nothing more. p_finished_id: the job, when its MP3 is there.
create function tapedeck.find_refusal(
  p_owner_id text, p_address text, limits tapedeck.limits, p_is_full boolean, p_finished_id uuid,
  p_job_id uuid, out code text, out retry_at timestamptz)
language plpgsql volatile as $$
begin
  if p_job_id is not null then
    perform from tapedeck.job_owners where owner_id = p_owner_id and job_id = p_job_id;
    if found then
      return;
    end if;
  end if;
  -- A count that nobody limits is not made.
  if (case when limits.owner_stored_bytes is not null then
      (select sum(stored_bytes) from tapedeck.job_owners
       where owner_id = p_owner_id and stored_bytes is not null) >= limits.owner_stored_bytes end
    or case when limits.address_stored_bytes is not null then
      (select sum(stored_bytes) from tapedeck.job_owners
       where address = p_address and stored_bytes is not null) >= limits.address_stored_bytes end)
  then
    code := 'TOO_MUCH_STORED';
    -- The first of theirs to go.
    select min(j.expires_at) into retry_at
      from tapedeck.job_owners o join tapedeck.jobs j on j.id = o.job_id
      where o.owner_id = p_owner_id and o.stored_bytes is not null;
  elsif p_finished_id is null
    and (case when limits.owner_active is not null then
        (select count(*) from (
           select from tapedeck.job_owners where owner_id = p_owner_id and place is not null
           limit limits.owner_active) as mine) >= limits.owner_active end
      or case when limits.address_active is not null then
        (select count(*) from (
           select from tapedeck.job_owners where address = p_address and place is not null
           limit limits.address_active) as near) >= limits.address_active end)
  then
    code := 'TOO_MANY_ACTIVE_JOBS';
  elsif p_job_id is null and p_is_full then
    code := 'QUEUE_FULL';
    retry_at := clock_timestamp() + interval '1 minute';
  end if;
end
$$;
