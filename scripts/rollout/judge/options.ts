import { DEFAULTS } from "./defaults.ts";
import type { JudgeOptions } from "./types.ts";

/** Options of a judge; omitted ones default to `DEFAULTS`. */
export interface SomeJudgeOptions {
  alpha?: number | undefined;
  beta?: number | undefined;
  tolerate?: { [K in keyof JudgeOptions["tolerate"]]?: number | undefined };
  harm?: { [K in keyof JudgeOptions["harm"]]?: number | undefined };
}

/**
 * Sets the defaults. The harmful values are at least the tolerated ones.
 * @throws RangeError that names the option and the expected range
 */
export function judgeOptions(some: SomeJudgeOptions): JudgeOptions {
  const tolerate = {
    errors: nonNegative("tolerate.errors", some.tolerate?.errors ?? DEFAULTS.tolerate.errors),
    errorRate: share("tolerate.errorRate", some.tolerate?.errorRate ?? DEFAULTS.tolerate.errorRate),
    latency: nonNegative("tolerate.latency", some.tolerate?.latency ?? DEFAULTS.tolerate.latency),
  };
  const harm = {
    errors: nonNegative("harm.errors", some.harm?.errors ?? DEFAULTS.harm.errors),
    errorRate: share("harm.errorRate", some.harm?.errorRate ?? DEFAULTS.harm.errorRate),
    latency: nonNegative("harm.latency", some.harm?.latency ?? DEFAULTS.harm.latency),
  };
  return {
    alpha: level("alpha", some.alpha ?? DEFAULTS.alpha),
    beta: level("beta", some.beta ?? DEFAULTS.beta),
    tolerate,
    harm: {
      errors: Math.max(harm.errors, tolerate.errors),
      errorRate: Math.max(harm.errorRate, tolerate.errorRate),
      latency: Math.max(harm.latency, tolerate.latency),
    },
  };
}

function level(name: string, value: number): number {
  if (value > 0 && value <= 0.5) return value;
  throw new RangeError(
    `${name} is ${value}: a probability above 0 and at most 0.5 is expected, such as 0.01`,
  );
}

function nonNegative(name: string, value: number): number {
  if (value >= 0 && value <= 1000) return value;
  throw new RangeError(
    `${name} is ${value}: a number from 0 to 1000 is expected, such as 0.1 for a tenth more`,
  );
}

function share(name: string, value: number): number {
  if (value >= 0 && value < 1) return value;
  throw new RangeError(`${name} is ${value}: a share from 0 to below 1 is expected, such as 0.001`);
}
