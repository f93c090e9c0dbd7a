INSERT INTO studios (schema_name, name, domain) VALUES (:'schema', :'schema', :'domain');
