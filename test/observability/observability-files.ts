import { join } from "node:path";
import Type, { type Static } from "typebox";
import { Parse } from "typebox/value";
import { parse } from "yaml";
import { PROJECT } from "../../scripts/project.ts";

/** The folder of the dashboard and the rules. */
export const FOLDER = join(PROJECT, "observability");

const Target = Type.Object({ expr: Type.String(), legendFormat: Type.String(), refId: Type.String() });
/** The used part of Grafana's dashboard model. */
const Dashboard = Type.Object({
  uid: Type.String(),
  title: Type.String(),
  templating: Type.Object({
    list: Type.Array(Type.Object({ name: Type.String(), type: Type.String(), query: Type.Unknown() })),
  }),
  panels: Type.Array(
    Type.Object({
      id: Type.Integer(),
      title: Type.String(),
      description: Type.String({ minLength: 1 }),
      gridPos: Type.Object({ x: Type.Integer(), y: Type.Integer(), w: Type.Integer(), h: Type.Integer() }),
      targets: Type.Array(Target, { minItems: 1 }),
    }),
  ),
});

const Rule = Type.Object({
  record: Type.Optional(Type.String()),
  alert: Type.Optional(Type.String()),
  expr: Type.String(),
});
const Rules = Type.Object({
  spec: Type.Object({ groups: Type.Array(Type.Object({ name: Type.String(), rules: Type.Array(Rule) })) }),
});

/** A query of a panel or a rule, with its location. */
export interface Query {
  readonly at: string;
  readonly expr: string;
}

/** Reads the dashboard. @throws if it is invalid */
export async function readDashboard(): Promise<Static<typeof Dashboard>> {
  return Parse(Dashboard, await Bun.file(join(FOLDER, "dashboard.json")).json());
}

/** Reads the rules, in order. @throws if the file has none */
export async function readRules(): Promise<Static<typeof Rule>[]> {
  return (await readRuleGroups()).flatMap(({ rules }) => rules);
}

/** The rule groups in Prometheus' own format, without the enclosing object of the Prometheus Operator. */
export async function ruleFileOfPrometheus(): Promise<string> {
  const { spec } = await ruleObject();
  return JSON.stringify(spec);
}

/** The queries of all panels, with Grafana's variables replaced by all services and an interval. */
export async function dashboardQueries(): Promise<Query[]> {
  const { panels } = await readDashboard();
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, refId }) => ({
      at: `${title}, ${refId}`,
      expr: expr.replaceAll("$service", ".+").replaceAll("$__rate_interval", "1m"),
    })),
  );
}

async function readRuleGroups(): Promise<Static<typeof Rules>["spec"]["groups"]> {
  return Parse(Rules, await ruleObject()).spec.groups;
}

async function ruleObject(): Promise<{ readonly spec: unknown }> {
  const value: unknown = parse(await Bun.file(join(FOLDER, "rules.yaml")).text());
  if (typeof value !== "object" || value === null || !("spec" in value))
    throw new Error("rules.yaml has no spec");
  return value;
}
