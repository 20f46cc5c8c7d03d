import Type from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { strict } from "../../schema/schema.ts";
import type { ForwardAction, Mirror } from "../../traffic/table.ts";
import type { HTTPRoute } from "../families.ts";
import type { CompileContext, FieldFamily, RouterEffect } from "../field-family.ts";
import { Destination, Percent, percentOf } from "../../schema/route-schema.ts";

const router: RouterEffect = {
  outcome({ mirrors }, outcome, build) {
    return mirrors
      .filter(({ percent }) => percent > 0)
      .reduce((before, mirror) => build.copied(mirror, before), outcome);
  },
};

/** `mirror` and `mirrors`: copies of requests, whose responses are discarded. */
export const mirrorFamily = {
  fields: {
    mirror: Type.Optional(Destination),
    mirrorPercentage: Type.Optional(Percent),
    mirrors: Type.Optional(
      Type.Array(strict({ destination: Destination, percentage: Type.Optional(Percent) }), { minItems: 1 }),
    ),
  },
  unsupported: { mirrorPercent: "this is deprecated: write mirrorPercentage: {value: …}" },
  onlyForwarding: true,
  compared: {
    forward: ["mirrors"],
    mirror: ["host", "port", "isPortDefault", "subset", "percent", "backend"],
  },
  router,
} satisfies FieldFamily;

/** Compiles the mirrors of a rule. A subset with several revisions means the first of them. */
export function compileMirrors(
  route: HTTPRoute,
  path: FieldPath,
  { report, target }: CompileContext,
): Pick<ForwardAction, "mirrors"> {
  const { mirror, mirrorPercentage, mirrors } = route;
  if (mirror !== undefined && mirrors !== undefined)
    report(
      "mirror-fields",
      [...path, "mirrors"],
      "a rule has either mirror or mirrors",
      "write all of them under mirrors",
    );
  if (mirrorPercentage !== undefined && mirror === undefined)
    report(
      "mirror-fields",
      [...path, "mirrorPercentage"],
      "there is no mirror to which this belongs",
      "add mirror, a host",
    );
  const compiled = [
    ...(mirror === undefined ? [] : of(mirror, mirrorPercentage, [...path, "mirror"])),
    ...(mirrors ?? []).flatMap(({ destination, percentage }, i) =>
      of(destination, percentage, [...path, "mirrors", i, "destination"]),
    ),
  ];
  return { mirrors: compiled };

  function of(to: Destination, part: HTTPRoute["mirrorPercentage"], at: FieldPath): Mirror[] {
    const { host, port, isPortDefault, subset, backends } = target(to, at);
    // Without a percentage all requests are mirrored. (istio, pilot/pkg/networking/core/route/route.go, MirrorPercent)
    const percent = part === undefined ? 100 : percentOf(part);
    return backends
      .slice(0, 1)
      .map(({ backend }) => ({ host, port, isPortDefault, subset, percent, backend }));
  }
}

/**
 * The host of a mirrored request: that of the request. Up to Istio 1.27, `-shadow` was appended.
 * (istio, pilot/pkg/features/pilot.go, DISABLE_SHADOW_HOST_SUFFIX)
 */
export function shadowHost(authority: string): string {
  return authority;
}
