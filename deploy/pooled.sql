-- Only with PgBouncer (docs/production.md): the role by which pages come through it. It may do what rapport_app may, and brings with
-- it what pages otherwise say in their connections' start-up options; tests hold the two lists against each other.
SET client_min_messages = warning;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rapport_pooled') THEN
        CREATE ROLE rapport_pooled LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO rapport_pooled', current_database());
END $$;
GRANT rapport_app TO rapport_pooled;

ALTER ROLE rapport_pooled SET lock_timeout = '3s';
ALTER ROLE rapport_pooled SET statement_timeout = '10s';
ALTER ROLE rapport_pooled SET idle_in_transaction_session_timeout = '15s';
ALTER ROLE rapport_pooled SET tcp_keepalives_idle = 10;
ALTER ROLE rapport_pooled SET tcp_keepalives_interval = 5;
ALTER ROLE rapport_pooled SET tcp_keepalives_count = 3;
ALTER ROLE rapport_pooled SET enable_seqscan = off;
ALTER ROLE rapport_pooled SET enable_hashjoin = off;
ALTER ROLE rapport_pooled SET enable_mergejoin = off;
ALTER ROLE rapport_pooled SET plan_cache_mode = force_generic_plan;
ALTER ROLE rapport_pooled SET jit = off;
