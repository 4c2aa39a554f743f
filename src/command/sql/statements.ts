import type { Risk } from '../model.ts'

/** What a statement does by its kind; those whose parts decide are judged in `judge.ts`. */
export const STATEMENTS: Record<string, { risk: Risk; why: string }> = {
  ...kinds('read', 'only reads', 'VariableShowStmt FetchStmt ClosePortalStmt'),
  ...kinds(
    'read',
    'changes nothing beyond this session',
    'VariableSetStmt ConstraintsSetStmt DiscardStmt ListenStmt UnlistenStmt DeallocateStmt',
  ),
  ...kinds('change', 'changes rows', 'InsertStmt UpdateStmt MergeStmt'),
  ...kinds('change', 'locks a table', 'LockStmt'),
  ...kinds('change', 'tells other sessions', 'NotifyStmt'),
  ...kinds(
    'change',
    'works on storage',
    'VacuumStmt ReindexStmt ClusterStmt CheckPointStmt RefreshMatViewStmt RepackStmt',
  ),
  ...kinds('change', 'grants or revokes rights', 'GrantStmt GrantRoleStmt AlterDefaultPrivilegesStmt'),
  ...kinds(
    'change',
    'creates something',
    `CreateStmt CreateTableAsStmt IndexStmt CreateSeqStmt ViewStmt CreateSchemaStmt CreateExtensionStmt CreateFunctionStmt
     CreateTrigStmt CreateEventTrigStmt CreatePLangStmt CreateRoleStmt CreatedbStmt CreateDomainStmt CreateEnumStmt CreateRangeStmt
     CompositeTypeStmt DefineStmt RuleStmt CreateCastStmt CreateConversionStmt CreateTransformStmt CreateOpClassStmt
     CreateOpFamilyStmt CreatePolicyStmt CreateAmStmt CreateStatsStmt CreateFdwStmt CreateForeignServerStmt
     CreateForeignTableStmt CreateUserMappingStmt ImportForeignSchemaStmt CreateTableSpaceStmt CreatePublicationStmt
     CreateSubscriptionStmt CommentStmt SecLabelStmt`,
  ),
  ...kinds(
    'change',
    'alters something',
    `AlterTableStmt AlterSeqStmt AlterRoleStmt AlterRoleSetStmt AlterDatabaseStmt AlterDatabaseSetStmt AlterDatabaseRefreshCollStmt
     AlterDomainStmt AlterEnumStmt AlterTypeStmt AlterFunctionStmt AlterOwnerStmt AlterObjectSchemaStmt AlterObjectDependsStmt
     AlterOperatorStmt AlterOpFamilyStmt AlterPolicyStmt AlterStatsStmt AlterExtensionStmt AlterExtensionContentsStmt AlterFdwStmt
     AlterForeignServerStmt AlterUserMappingStmt AlterTableSpaceOptionsStmt AlterTableMoveAllStmt AlterPublicationStmt
     AlterSubscriptionStmt AlterSystemStmt AlterTSConfigurationStmt AlterTSDictionaryStmt AlterCollationStmt AlterEventTrigStmt
     RenameStmt ReassignOwnedStmt ReplicaIdentityStmt`,
  ),
  ...kinds('destructive', 'deletes rows', 'DeleteStmt'),
  ...kinds('destructive', 'empties tables', 'TruncateStmt'),
  ...kinds(
    'destructive',
    'drops something',
    `DropStmt DropdbStmt DropRoleStmt DropOwnedStmt DropTableSpaceStmt DropSubscriptionStmt DropUserMappingStmt`,
  ),
  ...kinds(
    'destructive',
    'runs code that cannot be judged',
    'DoStmt CallStmt ExecuteStmt LoadStmt PLAssignStmt ReturnStmt',
  ),
}

/** Kinds of `ALTER TABLE` parts that lose data. */
export const LOSING_PARTS = new Set([
  'AT_DropColumn',
  'AT_DropConstraint',
  'AT_DropExpression',
  'AT_DropIdentity',
])

function kinds(risk: Risk, why: string, names: string): Record<string, { risk: Risk; why: string }> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, { risk, why }]))
}
