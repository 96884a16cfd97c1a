-- Requests that arrive together are committed together: one round trip, one flush to the disk, one call of
-- graphile-worker. What each of them means is for request_job to say.

-- Answers in the order of the arrays, one row a request, with the outcome and the job of request_job. All of them
-- are committed, or none. They run in the order of their identities, so that two batches cannot wait for each other.
create function tapedeck.request_jobs(
  p_owner_ids text[], p_sites text[], p_external_ids text[], p_source_urls text[],
  p_qualities text[], p_embed_thumbnails boolean[], p_max_attempts integer[], p_may_reuse boolean[],
  p_idempotency_keys text[], p_arguments_hashes text[], p_addresses text[], p_limits jsonb)
returns table (
  place bigint, outcome text, job tapedeck.jobs, retry_at timestamptz, points_left real)
language plpgsql volatile
-- Everything in here, and in request_job, is found by a key. A plan that was made when the tables were empty would
-- read them whole, and the planner would else look at each batch anew.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  request record;
  limits tapedeck.limits;
  is_full boolean := false;
  answer record;
  created uuid[] := '{}';
begin
  if p_limits is not null then
    limits := jsonb_populate_record(null::tapedeck.limits, p_limits);
    is_full := tapedeck.is_queue_full(limits);
    if limits.owner_per_minute is not null or limits.address_per_minute is not null then
      -- Before any job, and all at once: see buckets.
      perform tapedeck.lock_buckets(p_owner_ids, p_addresses);
    end if;
  end if;
  for request in
    select * from unnest(
      p_owner_ids, p_sites, p_external_ids, p_source_urls, p_qualities, p_embed_thumbnails,
      p_max_attempts, p_may_reuse, p_idempotency_keys, p_arguments_hashes, p_addresses)
      with ordinality as r(
        owner_id, site, external_id, source_url, quality, embed_thumbnail,
        max_attempts, may_reuse, idempotency_key, arguments_hash, address, place)
      order by r.site, r.external_id, r.quality, r.embed_thumbnail, r.place
  loop
    place := request.place;
    select * into answer
      from tapedeck.request_job(
        request.owner_id, request.site, request.external_id, request.source_url,
        request.quality, request.embed_thumbnail, request.max_attempts, request.may_reuse,
        request.idempotency_key, request.arguments_hash, request.address, limits, is_full);
    outcome := answer.outcome;
    job := answer.job;
    retry_at := answer.retry_at;
    points_left := answer.points_left;
    if outcome = 'CREATED' then
      created := created || job.id;
    end if;
    return next;
  end loop;
  if cardinality(created) > 0 then
    perform tapedeck.enqueue_all(array(select j from tapedeck.jobs j where j.id = any (created)));
  end if;
end
$$;
