/** The generated apps of a fleet's project: models, and the migrations that make them, as Python. */

/** How large the project is. */
export interface FleetShape {
  readonly apps: number;
  /** Migrations of each app; the first makes its tables, each further one changes one of them. */
  readonly migrations: number;
  /** Tables of each app. */
  readonly tables: number;
  /** Indexes of each table, beside those of its keys. */
  readonly indexes: number;
}

/** With Django's own apps: 62 tables and 201 rows in the ledger of each tenant. */
export const usualShape: FleetShape = { apps: 13, migrations: 14, tables: 4, indexes: 1 };
/** With Django's own apps: 12 tables and 22 rows in the ledger of each tenant; made and copied in a fifth of the time. */
export const smallShape: FleetShape = { apps: 1, migrations: 3, tables: 2, indexes: 1 };

/** The column that a release adds. */
export const releaseColumn = (release: number) => ({
  app: appName(0),
  table: `${appName(0)}_${modelName(0).toLowerCase()}`,
  column: `release_${release}`,
});

/**
 * The files of all apps: path to text.
 * @param releases so many releases came after: each is one migration more, which adds a column to the first app's
 *   first table
 */
export function appFiles(shape: FleetShape, releases: number): Map<string, string> {
  const files = new Map<string, string>();
  for (let app = 0; app < shape.apps; app += 1) {
    const { models, migrations } = appOf(app, shape, app === 0 ? releases : 0);
    const folder = appName(app);
    files.set(`${folder}/__init__.py`, '');
    files.set(`${folder}/models.py`, modelsFile(models));
    files.set(`${folder}/migrations/__init__.py`, '');
    for (const migration of migrations) {
      files.set(`${folder}/migrations/${migration.name}.py`, migrationFile(migration));
    }
  }
  return files;
}

const appName = (app: number) => `app${String(app).padStart(2, '0')}`;
const modelName = (table: number) => `Record${table}`;

interface Model {
  readonly name: string;
  /** Field to what makes it. */
  readonly fields: Map<string, string>;
  readonly indexes: string[];
  readonly constraints: string[];
}

interface Migration {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly operations: readonly string[];
}

function appOf(
  app: number,
  shape: FleetShape,
  releases: number,
): { models: Model[]; migrations: Migration[] } {
  const models = Array.from({ length: shape.tables }, (_, table) => initialModel(app, table, shape));
  const migrations: Migration[] = [
    {
      name: '0001_initial',
      dependencies: [
        `migrations.swappable_dependency(settings.AUTH_USER_MODEL)`,
        ...(app === 0 ? [] : [`("${appName(app - 1)}", "0001_initial")`]),
      ],
      operations: models.flatMap(creation),
    },
  ];
  const add = (what: string, operations: readonly string[]) => {
    const name = `${String(migrations.length + 1).padStart(4, '0')}_${what}`;
    const dependencies = [`("${appName(app)}", "${migrations.at(-1)?.name}")`];
    migrations.push({ name, dependencies, operations });
  };
  for (let step = 0; step < shape.migrations - 1; step += 1) {
    const model = models[step % models.length];
    const change = changes[Math.floor(step / models.length) % changes.length];
    if (model === undefined || change === undefined) continue;
    const { what, operation } = change(model, step, app);
    add(`${model.name.toLowerCase()}_${what}`, [operation]);
  }
  const first = models[0];
  for (let release = 1; first !== undefined && release <= releases; release += 1) {
    const { column } = releaseColumn(release);
    add(column, [addField(first, column, 'models.CharField(max_length=40, null=True)')]);
  }
  return { models, migrations };
}

function initialModel(app: number, table: number, shape: FleetShape): Model {
  const name = modelName(table);
  const fields = new Map([
    ['reference', 'models.CharField(max_length=40)'],
    ['amount', 'models.DecimalField(decimal_places=2, max_digits=12)'],
    ['active', 'models.BooleanField(default=True)'],
    ['created', 'models.DateTimeField(auto_now_add=True)'],
  ]);
  if (table === 0) {
    fields.set('notes', 'models.TextField(blank=True)');
    fields.set('owner', foreignKey('settings.AUTH_USER_MODEL'));
    if (app > 0) fields.set('origin', foreignKey(`"${appName(app - 1)}.${modelName(0).toLowerCase()}"`));
  } else {
    fields.set('parent', foreignKey(`"${appName(app)}.${modelName(table - 1).toLowerCase()}"`));
  }
  const indexes = Array.from({ length: shape.indexes }, (_, index) =>
    indexOn(['active', 'created', 'amount'][index % 3] ?? 'id', `${appName(app)}_r${table}_i${index}`),
  );
  return { name, fields, indexes, constraints: [] };
}

const foreignKey = (to: string) =>
  `models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=${to})`;
const indexOn = (field: string, name: string) => `models.Index(fields=["${field}"], name="${name}")`;

type Change = (model: Model, step: number, app: number) => { what: string; operation: string };

/** What happens to a table over the years, in turn. Each keeps the model as the migration leaves it. */
const changes: readonly Change[] = [
  (model, step) => {
    const field = `label_${step}`;
    return { what: field, operation: addField(model, field, 'models.CharField(max_length=60, null=True)') };
  },
  (model, step) => {
    const declared = `models.CharField(max_length=${80 + step})`;
    model.fields.set('reference', declared);
    return {
      what: 'longer_reference',
      operation: fieldOperation('AlterField', model, 'reference', declared),
    };
  },
  (model, step, app) => {
    const declared = indexOn('reference', `${appName(app)}_s${step}`);
    model.indexes.push(declared);
    return {
      what: 'index',
      operation: `migrations.AddIndex(model_name="${model.name.toLowerCase()}", index=${declared})`,
    };
  },
  (model, step, app) => {
    const declared = `models.CheckConstraint(condition=models.Q(("amount__gte", -1000000)), name="${appName(app)}_c${step}")`;
    model.constraints.push(declared);
    return {
      what: 'constraint',
      operation: `migrations.AddConstraint(model_name="${model.name.toLowerCase()}", constraint=${declared})`,
    };
  },
];

function addField(model: Model, field: string, declared: string): string {
  model.fields.set(field, declared);
  return fieldOperation('AddField', model, field, declared);
}

const fieldOperation = (
  operation: 'AddField' | 'AlterField',
  model: Model,
  field: string,
  declared: string,
) => `migrations.${operation}(model_name="${model.name.toLowerCase()}", name="${field}", field=${declared})`;

/** As makemigrations writes it: the table, and its indexes after it. */
function creation({ name, fields, indexes }: Model): string[] {
  const declared = [...fields].map(([field, made]) => `("${field}", ${made}),`);
  return [
    [
      `migrations.CreateModel(`,
      `    name="${name}",`,
      `    fields=[`,
      `        ("id", ${primaryKey}),`,
      ...declared.map((line) => `        ${line}`),
      `    ],`,
      ...(indexes.length === 0 ? [] : [`    options={"indexes": [${indexes.join(', ')}]},`]),
      `)`,
    ].join('\n'),
  ];
}

const primaryKey =
  'models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")';

function modelsFile(models: readonly Model[]): string {
  return [
    'import django.db.models.deletion',
    'from django.conf import settings',
    'from django.db import models',
    ...models.flatMap(({ name, fields, indexes, constraints }) => [
      '',
      '',
      `class ${name}(models.Model):`,
      ...[...fields].map(([field, made]) => `    ${field} = ${made}`),
      '',
      '    class Meta:',
      `        indexes = [${indexes.join(', ')}]`,
      `        constraints = [${constraints.join(', ')}]`,
    ]),
    '',
  ].join('\n');
}

function migrationFile({ name, dependencies, operations }: Migration): string {
  return [
    'import django.db.models.deletion',
    'from django.conf import settings',
    'from django.db import migrations, models',
    '',
    '',
    'class Migration(migrations.Migration):',
    ...(name === '0001_initial' ? ['    initial = True', ''] : []),
    `    dependencies = [${dependencies.join(', ')}]`,
    '',
    '    operations = [',
    ...operations.map((operation) => operation.replace(/^/gm, '        ').concat(',')),
    '    ]',
    '',
  ].join('\n');
}
