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
