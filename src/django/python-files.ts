import { readFileSync } from 'node:fs';

/** The Python that runs inside a project. In dist/ this module holds the texts instead. */
export type PythonFile =
  | 'through_manage'
  | 'discover'
  | 'collected_sql'
  | 'described_models'
  | 'expected_tables'
  | 'ghosts'
  | 'going_back'
  | 'initial_tables'
  | 'initial_trial'
  | 'ledgers'
  | 'migration_facts'
  | 'migration_files'
  | 'model_tables'
  | 'old_code'
  | 'operations'
  | 'particulars'
  | 'pending'
  | 'post_migrate'
  | 'python_code'
  | 'schema_kinds'
  | 'scratch_schema'
  | 'standings'
  | 'target_branch'
  | 'provision'
  | 'tenant_copy'
  | 'tenant_journal'
  | 'tenant_people'
  | 'tenant_proof'
  | 'tenant_references'
  | 'tenant_removal'
  | 'tenant_repair'
  | 'tenant_rows'
  | 'worker'
  | 'worker_failures'
  | 'worker_ledger'
  | 'worker_line'
  | 'worker_migrations'
  | 'worker_operations'
  | 'worker_session'
  | 'worker_signals'
  | 'worker_states'
  | 'worker_support'
  | 'worker_tenant'
  | 'worker_work';

/** The source of a Python file that comes with this library. */
export function pythonFile(name: PythonFile): string {
  return readFileSync(new URL(`./${name}.py`, import.meta.url), 'utf8');
}
