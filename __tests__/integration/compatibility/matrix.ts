/** One set of versions that a run of migrations is tried with. */
export interface Stack {
  readonly django: string;
  readonly djangoTenants: string;
  /** The package of the driver, as pip names it. */
  readonly driver: string;
  /** The server of the lab. */
  readonly postgres: 'v15' | 'v18';
}

const [oldDjango, newDjango] = ['4.2.30', '5.2.19'];
const [oldTenants, bothTenants, newTenants] = ['3.7.0', '3.10.2', '4.0.1'];
const [psycopg2, psycopg3] = ['psycopg2-binary==2.9.13', 'psycopg[binary]==3.3.9'];

/** Every pair of two versions that can be installed stands together somewhere; the first row is what a change breaks first. */
export const matrix: readonly Stack[] = [
  { django: newDjango, djangoTenants: newTenants, driver: psycopg3, postgres: 'v15' },
  { django: newDjango, djangoTenants: newTenants, driver: psycopg2, postgres: 'v18' },
  { django: newDjango, djangoTenants: bothTenants, driver: psycopg3, postgres: 'v18' },
  { django: oldDjango, djangoTenants: bothTenants, driver: psycopg2, postgres: 'v15' },
  { django: oldDjango, djangoTenants: oldTenants, driver: psycopg2, postgres: 'v15' },
  { django: oldDjango, djangoTenants: oldTenants, driver: psycopg3, postgres: 'v18' },
];

/** Django and django-tenants that pip does not install together: 4.0 asks for Django 5.2, 3.7 for an older one. */
export const impossible: readonly (readonly [django: string, djangoTenants: string])[] = [
  [oldDjango, newTenants],
  [newDjango, oldTenants],
];

/** Its first columns in docs/compatibility.md. */
export function nameOf({ django, djangoTenants, driver, postgres }: Stack): readonly string[] {
  const [name = '', version = ''] = driver.replace('-binary', '').replace('[binary]', '').split('==');
  return [
    django,
    djangoTenants,
    `${name === 'psycopg2' ? 'psycopg 2' : 'psycopg 3'} (${version})`,
    postgres.slice(1),
  ];
}
