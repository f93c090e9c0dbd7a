DELETE FROM studios WHERE schema_name = :'schema';
