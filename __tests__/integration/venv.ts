import { venv } from '../../lab/python.ts';

export { shopPython } from '../../lab/shop.ts';

/** The oldest Django and django-tenants that are supported, with psycopg 2. */
export function oldestPython(): Promise<string> {
  return venv('Django==4.2.30\ndjango-tenants==3.7.0\npsycopg2-binary==2.9.13\n');
}
