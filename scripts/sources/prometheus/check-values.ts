import Type from "typebox";
import { UserError } from "../../cluster/user-error.ts";
import { type PrometheusConnection, queryPrometheus } from "./prometheus-api.ts";

/** The placeholder of a revision's name in the query of a check. */
export const REVISION_PLACEHOLDER = "$revision";

const Value = Type.Tuple([Type.Number(), Type.String()]);
const Data = Type.Union([
  Type.Object({ resultType: Type.Literal("scalar"), result: Value }),
  Type.Object({ resultType: Type.Literal("vector"), result: Type.Array(Type.Object({ value: Value })) }),
]);

/**
 * Returns the current value of a query for one revision; undefined if there is none yet.
 * @throws UserError if the Prometheus does not answer, or with more than one value
 */
export async function checkValue(
  connection: PrometheusConnection,
  query: string,
  revision: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const asked = query.replaceAll(REVISION_PLACEHOLDER, revision);
  const data = await queryPrometheus(connection, asked, Data, signal);
  const values = data.resultType === "scalar" ? [data.result] : data.result.map(({ value }) => value);
  if (values.length > 1)
    throw new UserError(
      `The query ${asked} has ${values.length} values: aggregate them to one, as with sum(…) or max(…).`,
    );
  const value = Number(values[0]?.[1] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
