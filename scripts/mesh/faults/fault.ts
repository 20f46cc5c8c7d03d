import Type, { type Static } from "typebox";

const PERCENT = Type.Number({ minimum: 0.0001, maximum: 100 });

/** What is done to requests on their way to one revision, besides its own doing. */
export const Fault = Type.Object({
  /** The Knative Service, and its revision by name. */
  service: Type.String({ minLength: 1, maxLength: 253 }),
  revision: Type.String({ minLength: 1, maxLength: 253 }),
  /** Answers this share of them, in percent, with this status in place of the revision. */
  error: Type.Optional(
    Type.Object({ percent: PERCENT, status: Type.Integer({ minimum: 200, maximum: 599 }) }),
  ),
  /** Holds this share of them for so many milliseconds first. */
  delay: Type.Optional(
    Type.Object({ percent: PERCENT, ms: Type.Integer({ minimum: 1, maximum: 3_600_000 }) }),
  ),
});

/** A request to `POST /_mesh/faults`: a revision's fault is set in place of what it had, or taken away. */
export const FaultChange = Type.Union([
  Type.Object({ set: Fault }),
  /** Without a revision those of the service, without a service all. */
  Type.Object({
    clear: Type.Object({ service: Type.Optional(Type.String()), revision: Type.Optional(Type.String()) }),
  }),
]);

/** What `/_mesh/faults` answers. */
export const FaultsState = Type.Object({
  faults: Type.Array(Fault),
  /** The same as VirtualServices; empty without a fault. */
  yaml: Type.String(),
});

export type Fault = Static<typeof Fault>;
export type FaultChange = Static<typeof FaultChange>;
export type FaultsState = Static<typeof FaultsState>;
