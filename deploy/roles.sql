-- Who may do what in Rapport's database. Run by a superuser, in that database, before the first `manage.py migrate` and after each
-- one, and after each `manage.py restore` (a backup brings no rights with it). Any number of times: it makes what is not there.
--
--     rapport_owner   owns the tables: `migrate` and `restore`, nothing else
--     rapport_app     pages, sockets, jobs, sweeper, commands: reads and writes rows, cannot change tables
--     rapport_bots    the bots' worker: what a game needs, and no accounts, links, ticks of consents or simulated runs
--     rapport_read    reads; for a dashboard or an analyst's own queries. No sign-in secrets, nothing of the allocation to come
--
-- Nobody but the owner can TRUNCATE, or take a trigger away: append-only tables stay so for every process that runs.
SET client_min_messages = warning;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['rapport_owner', 'rapport_app', 'rapport_bots', 'rapport_read'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', name);
        END IF;
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO rapport_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO rapport_app, rapport_bots, rapport_read', current_database());
END $$;

-- Tables that somebody else made, such as a superuser by an earlier `migrate`, become the owner's.
DO $$
DECLARE
    thing record;
BEGIN
    FOR thing IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
            AND relowner <> 'rapport_owner'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO rapport_owner', thing.name);
    END LOOP;
    FOR thing IN
        SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proowner <> 'rapport_owner'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO rapport_owner', thing.name);
    END LOOP;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO rapport_owner;
GRANT USAGE ON SCHEMA public TO rapport_app, rapport_bots, rapport_read;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM rapport_app, rapport_bots, rapport_read;

-- rapport_app: rows of every table, those of a later migration included.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rapport_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO rapport_app, rapport_bots;
ALTER DEFAULT PRIVILEGES FOR ROLE rapport_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO rapport_app;
ALTER DEFAULT PRIVILEGES FOR ROLE rapport_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO rapport_app, rapport_bots;

-- rapport_bots. A program's act may be the last of a game and lead people on to what follows it, by pay and allocation: so
-- it reads answers, settles, and keeps which page they come to. Whatever it need not read is not named here. New tables of these apps are its own from
-- the next run of this file on.
DO $$
DECLARE
    part record;
    named text;
BEGIN
    FOR part IN
        SELECT * FROM (VALUES
            -- what is frozen or written elsewhere
            ('SELECT', ARRAY['events_clock', 'django_migrations', 'measures_%', 'studies_study', 'studies_version',
                'studies_versionfile', 'studies_sourcefile']),
            -- append-only: added to, never changed
            ('SELECT, INSERT', ARRAY['events_event', 'flow_act', 'flow_award', 'flow_exposure', 'flow_submission',
                'flow_paidround', 'flow_practicestep', 'chat_entry', 'chat_shown', 'chat_casenumber', 'chat_trigger', 'chat_safetystep',
                'studies_allocation', 'recruitment_settlement', 'measures_pageshown', 'measures_scaledrawn']),
            -- the state of a game and of those in it
            ('SELECT, INSERT, UPDATE', ARRAY['events_due', 'events_beat', 'studies_slot', 'scheduling_%', 'matching_%',
                'flow_match', 'flow_placing', 'llm_%', 'bots_%', 'chat_conversation'])
        ) AS parts (rights, tables)
    LOOP
        FOR named IN
            SELECT relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname LIKE ANY (part.tables)
        LOOP
            EXECUTE format('GRANT %s ON %I TO rapport_bots', part.rights, named);
        END LOOP;
    END LOOP;
    -- Of people, how they end: it makes nobody new, and sets no other secret of a browser, by which one would be that person.
    -- Of consents, to which text somebody said yes or no: a game that a program's act ends leads people on to a changed text,
    -- and pays who declines it. Not the boxes that they ticked.
    IF to_regclass('public.participants_consent') IS NOT NULL THEN
        GRANT SELECT, UPDATE (status, exit, strikes, ended_at, withdrawn_at) ON participants_participant TO rapport_bots;
        GRANT SELECT (id, participant_id, version_id, agreed) ON participants_consent TO rapport_bots;
    END IF;
    -- Of addresses for reminders, that they go with whoever leaves. Not what they are.
    IF to_regclass('public.participants_contact') IS NOT NULL THEN
        GRANT SELECT (id, participant_id), UPDATE (sealed_address, agreed_at, stopped_at) ON participants_contact
            TO rapport_bots;
    END IF;
END $$;

-- rapport_read: everything but what signs somebody in. It changes nothing, whatever it is told.
DO $$
DECLARE
    named text;
BEGIN
    FOR named IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            AND relname NOT IN ('auth_user', 'django_session', 'console_demoentry', 'participants_contact', 'participants_entrylink',
                'participants_participant', 'studies_slot', 'studies_version')
    LOOP
        EXECUTE format('GRANT SELECT ON %I TO rapport_read', named);
    END LOOP;
    -- Without the secrets of a browser and of the allocation: its seed, and the conditions of slots that nobody has taken yet.
    -- What was given stands with groups, matches and placings.
    FOR named IN
        SELECT format('GRANT SELECT (%s) ON %I TO rapport_read', string_agg(quote_ident(attname), ', '), relname)
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace
            AND relname IN ('participants_participant', 'studies_slot', 'studies_version')
            AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('token_sha256', 'seed')
            AND (relname, attname) <> ('studies_slot', 'condition')
        GROUP BY relname
    LOOP
        EXECUTE named;
    END LOOP;
END $$;
ALTER ROLE rapport_read SET default_transaction_read_only = on;
ALTER ROLE rapport_read SET statement_timeout = '60s';
