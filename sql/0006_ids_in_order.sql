-- Ids of one millisecond in the order in which they were made: a list that is newest first shows it so, however quick
-- the requests came. RFC 9562, section 6.2, method 3: the 12 bits behind the version are the clock's too, in steps
-- of 0.25 µs. Postgres' own uuidv7(), from 18 on, does the same.
create or replace function tapedeck.new_id() returns uuid
language sql volatile parallel safe
return (
  select encode(
    overlay(
      overlay(
        uuid_send(gen_random_uuid())
        placing substring(int8send(floor(now_ms)::bigint) from 3) from 1 for 6)
      placing int2send((x'7000'::integer + floor((now_ms % 1) * 4096)::integer)::smallint)
      from 7 for 2),
    'hex')::uuid
  from (select extract(epoch from clock_timestamp()) * 1000 as now_ms) as clock);
