import { venv } from '../../lab/python.ts';

export { shopPython } from '../../lab/shop.ts';

/** The oldest Django and django-tenants that are supported, with psycopg 2. */
export function oldestPython(): Promise<string> {
  return venv('Django==4.2.30\ndjango-tenants==3.7.0\npsycopg2-binary==2.9.13\n');
}

const zooPackages = [
  'django-add-default-value==0.10.0',
  'django-pg-zero-downtime-migrations==0.20',
  'django-pghistory==3.9.2',
  'django-pgtrigger==4.17.0',
  'django-taggit==6.1.0',
];

/** What the zoo needs, with the shop's versions or the oldest ones. */
export function zooPython(versions: 'newest' | 'oldest'): Promise<string> {
  const django =
    versions === 'newest'
      ? ['Django==5.2.19', 'django-tenants==4.0.1', 'psycopg[binary]==3.3.9']
      : ['Django==4.2.30', 'django-tenants==3.7.0', 'psycopg2-binary==2.9.13'];
  return venv([...django, ...zooPackages, ''].join('\n'));
}
