import { describe, expect, test } from "bun:test";
import { VIRTUAL_SERVICE } from "../testing/samples.ts";
import { replaced, told } from "../testing/told.ts";
import { VirtualService } from "./istio-virtual-service.ts";

describe("in a VirtualService", () => {
  const ROUTE = "spec.http[0].route[0]";
  test.each([
    [
      "      timeout: 30s",
      "      timeuot: 30s",
      ["19:7: spec.http[0].timeuot: there is no such field here; did you mean timeout?"],
    ],
    [
      "      timeout: 30s",
      "      timeout: 30",
      ["19:16: spec.http[0].timeout: 30 is not a duration such as 500ms, 2s or 1m30s"],
    ],
    [
      "      timeout: 30s",
      "      timeout: 30 s",
      ['19:16: spec.http[0].timeout: "30 s" is not a duration such as 500ms, 2s or 1m30s'],
    ],
    [
      "      timeout: 30s",
      "      delegate: {name: other}",
      [
        "19:7: spec.http[0].delegate: this field is not supported here; the local mesh does not follow delegates: leave it out, or try it on a cluster",
      ],
    ],
    [
      "      timeout: 30s",
      "      fault: {}",
      ["19:14: spec.http[0].fault: delay, abort or both is needed here, and none is given"],
    ],
    [
      "      timeout: 30s",
      "      fault: {abort: {percentage: {value: 101}, httpStatus: 199, grpcStatus: OK}}",
      [
        "19:43: spec.http[0].fault.abort.percentage.value: 101 is too large; at most 100 is allowed",
        "19:61: spec.http[0].fault.abort.httpStatus: 199 is too small; at least 200 is allowed",
        "19:66: spec.http[0].fault.abort.grpcStatus: this field is not supported here; the local mesh does not speak gRPC: leave it out, or try it on a cluster",
      ],
    ],
    [
      "      timeout: 30s",
      "      fault: {delay: {percent: 5}}",
      [
        "19:23: spec.http[0].fault.delay.percent: this field is not supported here; this is deprecated: write percentage: {value: …}",
      ],
    ],
    [
      "      timeout: 30s",
      "      mirrorPercent: 5",
      [
        "19:7: spec.http[0].mirrorPercent: this field is not supported here; this is deprecated: write mirrorPercentage: {value: …}",
      ],
    ],
    [
      "    - redirect: {uri: /, redirectCode: 302}",
      "    - directResponse: {status: 200, body: {bytes: a}}",
      ['31:51: spec.http[1].directResponse.body.bytes: "a" is not bytes in base64, at least one'],
    ],
    [
      "    - redirect: {uri: /, redirectCode: 302}",
      '    - directResponse: {status: 200, body: {bytes: ""}}',
      ['31:51: spec.http[1].directResponse.body.bytes: "" is not bytes in base64, at least one'],
    ],
    [
      "    - redirect: {uri: /, redirectCode: 302}",
      "    - directResponse: {status: 200, body: {bytes: YQ==, string: a}}",
      ["31:43: spec.http[1].directResponse.body: either string or bytes is needed here, and 2 are given"],
    ],
    [
      "            prefix: /",
      "            prefx: /",
      ["12:13: spec.http[0].match[0].uri.prefx: there is no such field here; did you mean prefix?"],
    ],
    [
      "            prefix: /",
      "            exact: /\n            prefix: /",
      [
        "12:13: spec.http[0].match[0].uri: exactly one of exact, prefix and regex is needed here, and 2 are given",
      ],
    ],
    [
      "            prefix: /",
      "            /",
      [
        '12:13: spec.http[0].match[0].uri: a map of fields is expected, not "/"; give exactly one of exact, prefix and regex',
      ],
    ],
    [
      "            prefix: /",
      `            regex: ""`,
      ["12:20: spec.http[0].match[0].uri.regex: the text is empty; give at least one character"],
    ],
    [
      "            end-user: {exact: basic}",
      "            end-user: {exct: basic}",
      [
        "14:24: spec.http[0].match[0].headers.end-user.exct: there is no such field here; did you mean exact?",
      ],
    ],
    [
      "            end-user: {exact: basic}",
      '            "end user": {exact: basic}',
      ['14:13: spec.http[0].match[0].headers["end user"]: "end user" is not the name of a header'],
    ],
    [
      "            end-user: {exact: basic}",
      "            end/user: 5\n            :method: {exact: GET}",
      [
        '14:13: spec.http[0].match[0].headers["end/user"]: "end/user" is not the name of a header',
        '15:13: spec.http[0].match[0].headers[":method"]: ":method" is not the name of a header',
      ],
    ],
    [
      "          weight: 50",
      '          weight: "50"',
      [`25:19: ${ROUTE}.weight: a whole number is expected, not "50"; write it without quotes`],
    ],
    [
      "          weight: 50",
      "          wieght: 50",
      [`25:11: ${ROUTE}.wieght: there is no such field here; did you mean weight?`],
    ],
    [
      "            host: credit-check",
      "            subset: v1",
      [`22:13: ${ROUTE}.destination: host is missing; add host, a string`],
    ],
    [
      "              number: 80",
      "              number: http",
      [`24:23: ${ROUTE}.destination.port.number: a whole number is expected, not "http"`],
    ],
    [
      "                x-user: basic",
      "                x-user: 5",
      [`29:25: ${ROUTE}.headers.request.set.x-user: a string is expected, not 5; write it in quotes`],
    ],
    [
      "                x-user: basic",
      '                x-user: ""',
      [
        `29:25: ${ROUTE}.headers.request.set.x-user: "" is not the value of a header: printable ASCII, at least one character`,
      ],
    ],
    [
      "                x-user: basic",
      '                x-user: "a\\r\\nb: c"',
      [
        `29:25: ${ROUTE}.headers.request.set.x-user: "a\\r\\nb: c" is not the value of a header: printable ASCII, at least one character`,
      ],
    ],
    [
      "                x-user: basic",
      "                :path: /",
      [`29:17: ${ROUTE}.headers.request.set[":path"]: ":path" is not the name of a header`],
    ],
    [
      "              remove: [x-old]",
      "              remove: x-old",
      [`30:23: ${ROUTE}.headers.request.remove: a list is expected, not "x-old"; begin each item with "-"`],
    ],
    [
      "              remove: [x-old]",
      '              remove: ["x old"]',
      [`30:24: ${ROUTE}.headers.request.remove[0]: "x old" is not the name of a header`],
    ],
    [
      "            request:",
      "            requset:",
      [`27:13: ${ROUTE}.headers.requset: there is no such field here; did you mean request?`],
    ],
    [
      "        authority: credit-check.kyc.svc.cluster.local",
      '        authority: "a\\r\\nb: c"',
      ['16:20: spec.http[0].rewrite.authority: "a\\r\\nb: c" is not a host name, which may have a port'],
    ],
    [
      "        authority: credit-check.kyc.svc.cluster.local",
      "        {}",
      [
        "16:9: spec.http[0].rewrite: uri or uriRegexRewrite, authority, or both is needed here, and none is given",
      ],
    ],
    [
      "    - redirect: {uri: /, redirectCode: 302}",
      "    - redirect: {uri: /, redirectCode: 399}",
      ["31:40: spec.http[1].redirect.redirectCode: 399 is not allowed here; write 301, 302, 303, 307 or 308"],
    ],
    [
      "    - redirect: {uri: /, redirectCode: 302}",
      "    - redirect: {uri: home}",
      [
        '31:23: spec.http[1].redirect.uri: "home" is not a path that begins with / and has neither blanks nor letters beyond ASCII',
      ],
    ],
    [
      "    - redirect: {uri: /, redirectCode: 302}",
      "    - redirect: {}",
      [
        "31:17: spec.http[1].redirect: at least one of uri, prefixRewrite, authority, scheme, port and derivePort is needed here, and none is given",
      ],
    ],
    [
      '  hosts: ["*"]',
      '  hosts: [a_b, "a:80", "a*", "*a", "*-a", "*.example.com", Kyc.example.com, a.b.]',
      [
        '6:11: spec.hosts[0]: "a_b" is not the name of a host, *.NAME or *, without a port',
        '6:16: spec.hosts[1]: "a:80" is not the name of a host, *.NAME or *, without a port',
        '6:24: spec.hosts[2]: "a*" is not the name of a host, *.NAME or *, without a port',
      ],
    ],
    ['  hosts: ["*"]', "  hosts: []", ["6:10: spec.hosts: the list is empty; give at least one item"]],
    [
      '  hosts: ["*"]',
      '  hosts: "*"',
      ['6:10: spec.hosts: a list is expected, not "*"; begin each item with "-"'],
    ],
    [
      '  hosts: ["*"]',
      "  tls: []",
      [
        "6:3: spec: hosts is missing; add hosts, a list",
        "6:3: spec.tls: this field is not supported here; the local mesh speaks plain HTTP: use http",
      ],
    ],
    [
      "apiVersion: networking.istio.io/v1",
      "apiVersion: networking.istio.io/v2",
      [
        '1:13: apiVersion: "networking.istio.io/v2" is not allowed here; did you mean networking.istio.io/v1?',
      ],
    ],
  ])("%j as %j is reported", (line, broken, expected) => {
    expect(told(VirtualService, replaced(VIRTUAL_SERVICE, line, broken))).toEqual(expected);
  });
});
