import Type, { type Static, type TSchemaOptions } from "typebox";
import { type FieldNotes, Name, forReason, strict } from "../../schema/schema.ts";

const clusterOnly = { clusterOnly: true } satisfies FieldNotes;
const Quantity = Type.Union([Type.String(), Type.Number()], {
  expected: "a quantity such as 250m, 64Mi or 1",
} satisfies FieldNotes & TSchemaOptions);
const Quantities = Type.Record(Type.String(), Quantity);

/** Probes that the local mesh cannot make. */
export const OTHER_PROBES = forReason(
  ["exec", "tcpSocket", "grpc"],
  "the local mesh probes by HTTP only: use httpGet",
);

export const NO_ENV_FROM = {
  envFrom: "there are no ConfigMaps and Secrets on one machine: write the variables under env",
};

const Probe = strict(
  {
    httpGet: strict(
      {
        path: Type.String({ pattern: "^/", expected: "a path that begins with /" }),
        port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535, ...clusterOnly })),
      },
      {
        unsupported: forReason(
          ["host", "scheme", "httpHeaders"],
          "the local mesh probes the revision directly, in plain HTTP: leave it out",
        ),
      },
    ),
    initialDelaySeconds: Type.Optional(Type.Integer({ minimum: 0, ...clusterOnly })),
    periodSeconds: Type.Optional(Type.Integer({ minimum: 0, ...clusterOnly })),
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, ...clusterOnly })),
    successThreshold: Type.Optional(Type.Integer({ minimum: 1, ...clusterOnly })),
    failureThreshold: Type.Optional(Type.Integer({ minimum: 1, ...clusterOnly })),
  },
  {
    unsupported: OTHER_PROBES,
  },
);

/** A place in a Secret or ConfigMap that a variable has its value from. */
const KeyReference = {
  name: Name,
  key: Type.String({ minLength: 1 }),
  optional: Type.Optional(Type.Boolean()),
};

const ValueFrom = strict(
  {
    secretKeyRef: Type.Optional(strict(KeyReference)),
    configMapKeyRef: Type.Optional(strict(KeyReference, clusterOnly)),
  },
  {
    unsupported: forReason(
      ["fieldRef", "resourceFieldRef"],
      "there are no pods on one machine: give a value",
    ),
  },
);

const Variable = strict({
  name: Type.String({
    pattern: "^[A-Za-z_][A-Za-z0-9_.-]*$",
    expected: "the name of an environment variable: letters, digits, _, . and -, no digit first",
  }),
  value: Type.Optional(Type.String()),
  valueFrom: Type.Optional(ValueFrom),
});

/** A container of a revision. */
export const Container = strict(
  {
    name: Type.Optional(Name),
    image: Type.String({ minLength: 1 }),
    imagePullPolicy: Type.Optional(Type.Enum(["Always", "IfNotPresent", "Never"], clusterOnly)),
    env: Type.Optional(Type.Array(Variable)),
    ports: Type.Optional(
      Type.Array(
        strict({
          name: Type.Optional(
            Type.Enum(["http1"], { onCluster: ["h2c"] } satisfies FieldNotes & TSchemaOptions),
          ),
          containerPort: Type.Integer({ minimum: 1, maximum: 65535 }),
          protocol: Type.Optional(Type.Enum(["TCP"])),
        }),
        { minItems: 1, maxItems: 1 },
      ),
    ),
    volumeMounts: Type.Optional(
      Type.Array(Type.Object({ name: Name, mountPath: Type.String() }), clusterOnly),
    ),
    readinessProbe: Type.Optional(Probe),
    livenessProbe: Type.Optional(Type.Unsafe<Static<typeof Probe>>({ ...Probe, ...clusterOnly })),
    resources: Type.Optional(
      strict({ requests: Type.Optional(Quantities), limits: Type.Optional(Quantities) }, clusterOnly),
    ),
    securityContext: Type.Optional(
      strict(
        {
          allowPrivilegeEscalation: Type.Optional(Type.Boolean()),
          readOnlyRootFilesystem: Type.Optional(Type.Boolean()),
          runAsNonRoot: Type.Optional(Type.Boolean()),
          runAsUser: Type.Optional(Type.Integer({ minimum: 0 })),
          runAsGroup: Type.Optional(Type.Integer({ minimum: 0 })),
          capabilities: Type.Optional(
            strict({
              add: Type.Optional(Type.Array(Type.String())),
              drop: Type.Optional(Type.Array(Type.String())),
            }),
          ),
          seccompProfile: Type.Optional(
            strict({ type: Type.Enum(["RuntimeDefault", "Unconfined", "Localhost"]) }),
          ),
        },
        clusterOnly,
      ),
    ),
  },
  {
    unsupported: {
      command: "the local mesh runs functions/NAME/main.ts as the image does: leave command out",
      args: "the local mesh runs functions/NAME/main.ts as the image does: leave args out",
      ...NO_ENV_FROM,
      startupProbe: "the local mesh waits for the readinessProbe only",
      ...forReason(
        ["workingDir", "terminationMessagePath", "terminationMessagePolicy"],
        "the local mesh runs no container: leave it out",
      ),
    },
    refused: forReason(
      ["lifecycle", "stdin", "stdinOnce", "tty", "volumeDevices"],
      "Knative does not allow it",
    ),
  },
);
