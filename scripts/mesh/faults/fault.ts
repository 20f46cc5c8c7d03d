import Type, { type Static } from "typebox";

const PERCENT = Type.Number({ minimum: 0.0001, maximum: 100 });

/** A fault injected into the requests to one revision. */
export const Fault = Type.Object({
  /** The Knative Service, and its revision by name. */
  service: Type.String({ minLength: 1, maxLength: 253 }),
  revision: Type.String({ minLength: 1, maxLength: 253 }),
  /** Answers this percentage of requests with this status, instead of the revision. */
  error: Type.Optional(
    Type.Object({ percent: PERCENT, status: Type.Integer({ minimum: 200, maximum: 599 }) }),
  ),
  /** Delays this percentage of requests by this many milliseconds. */
  delay: Type.Optional(
    Type.Object({ percent: PERCENT, ms: Type.Integer({ minimum: 1, maximum: 3_600_000 }) }),
  ),
});

/** The body of `POST /_mesh/faults`: sets a revision's fault, replacing an earlier one, or clears faults. */
export const FaultChange = Type.Union([
  Type.Object({ set: Fault }),
  /** Without a revision all faults of the service, without a service all faults. */
  Type.Object({
    clear: Type.Object({ service: Type.Optional(Type.String()), revision: Type.Optional(Type.String()) }),
  }),
]);

/** The response of `/_mesh/faults`. */
export const FaultsState = Type.Object({
  faults: Type.Array(Fault),
  /** The faults as VirtualServices; empty without a fault. */
  yaml: Type.String(),
});

export type Fault = Static<typeof Fault>;
export type FaultChange = Static<typeof FaultChange>;
export type FaultsState = Static<typeof FaultsState>;
