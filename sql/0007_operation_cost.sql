-- What operations cost to answer, counted over all API processes: one more bucket for each owner and each address, in
-- the table of 0004. A process takes points ahead and spends them by itself, so that most operations cost no statement.

-- Takes what was wanted, or what is there of it, but at least the cost of the operation that asks: a bucket may go below
-- zero, as with requests. With a retry_at there is nothing, and nothing is granted until then. It fills in a minute.
create function tapedeck.take_cost(
  p_subject text, p_per_minute integer, p_cost integer, p_wanted integer,
  out granted real, out remaining real, out retry_at timestamptz)
language plpgsql volatile as $$
declare
  present real;
begin
  insert into tapedeck.buckets (subject) values (p_subject) on conflict do nothing;
  select least(p_per_minute, b.points + p_per_minute / 60.0::real
      * greatest(0, extract(epoch from clock_timestamp() - b.filled_at)::real))
    into present
    from tapedeck.buckets b where b.subject = p_subject for update;
  if present < 1 then
    -- A second more than needed: `retryAt` is a promise.
    retry_at := clock_timestamp() + make_interval(secs => 1 + (1 - present) * 60 / p_per_minute);
    return;
  end if;
  granted := greatest(p_cost, least(p_wanted, present));
  remaining := present - granted;
  update tapedeck.buckets b
    set points = remaining, filled_at = greatest(b.filled_at, clock_timestamp())
    where b.subject = p_subject;
end
$$;
