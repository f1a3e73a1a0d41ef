import type { Cluster } from "@layotto/proto/envoy/config/cluster/v3/cluster";
import type { TransportSocket } from "@layotto/proto/envoy/config/core/v3/core";
import {
  type CertificateValidationContext,
  CertificateValidationContext_TrustChainVerification as Trust,
  type CommonTlsContext,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "@layotto/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import type { StringMatcher } from "@layotto/proto/envoy/type/matcher/v3/matcher";
import type { ClientTlsConfig } from "../../model/cluster.ts";
import type { ServerTlsConfig } from "../../model/listener.ts";
import { ResourceFault } from "../resource.ts";
import { typeOf, unpack } from "./extension.ts";
import { sourceOf } from "./values.ts";

const rawBuffer = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";

/**
 * TLS towards a cluster; undefined: plain text. What cannot be done is refused, never left out: nothing is sent in plain
 * text, or to a server nobody vouches for, that was meant to be protected.
 *
 * @throws ResourceFault
 */
export function readClientTls(cluster: Cluster): ClientTlsConfig | undefined {
  if (cluster.transportSocketMatches.length > 0) {
    throw new ResourceFault("transport_socket_matches are not supported: use transport_socket");
  }
  const any = typedConfig(cluster.transportSocket);
  if (any === undefined) return undefined;
  const context = unpack(any, UpstreamTlsContextSchema);
  const common = context.commonTlsContext;
  const trust = validationOf(common);
  const ca = sourceOf(trust?.trustedCa);
  const names = identitiesOf(trust);
  return {
    ca,
    ...ownCertificate(common),
    serverName: context.sni === "" ? undefined : context.sni,
    // A given authority alone vouches where no names are asked for; those of the system never do.
    identities: names ?? (ca === undefined ? undefined : ["*"]),
    insecureSkipVerify: trust?.trustChainVerification === Trust.ACCEPT_UNTRUSTED ? true : undefined,
  };
}

/** TLS of a listener; undefined: plain text. @throws ResourceFault */
export function readServerTls(socket: TransportSocket | undefined): ServerTlsConfig | undefined {
  const any = typedConfig(socket);
  if (any === undefined) return undefined;
  const context = unpack(any, DownstreamTlsContextSchema);
  const common = context.commonTlsContext;
  const trust = validationOf(common);
  const certificates = (common?.tlsCertificates ?? []).map(({ certificateChain, privateKey }) => ({
    cert: sourceOf(certificateChain) ?? "",
    key: sourceOf(privateKey) ?? "",
  }));
  if (certificates.length === 0) throw new ResourceFault("tls_certificates must not be empty");
  return {
    certificates,
    ca: sourceOf(trust?.trustedCa),
    requireClientCert: context.requireClientCertificate ?? false,
    identities: identitiesOf(trust),
    acceptPlaintext: false,
  };
}

function typedConfig(socket: TransportSocket | undefined) {
  if (socket === undefined) return undefined;
  const any = socket.configType.value;
  if (any === undefined) {
    if (socket.name === "envoy.transport_sockets.raw_buffer") return undefined;
    throw new ResourceFault(`transport_socket "${socket.name}" must have a typed_config`);
  }
  return typeOf(any) === rawBuffer ? undefined : any;
}

function validationOf(common: CommonTlsContext | undefined) {
  const { case: kind, value } = common?.validationContextType ?? { case: undefined };
  const combined = kind === "combinedValidationContext" ? value : undefined;
  const viaSds = (common?.tlsCertificateSdsSecretConfigs.length ?? 0) > 0;
  const caViaSds =
    kind === "validationContextSdsSecretConfig" ||
    combined?.validationContextSdsSecretConfig !== undefined;
  const validation = kind === "validationContext" ? value : combined?.defaultValidationContext;
  const plugged =
    common?.tlsCertificateProviderInstance !== undefined ||
    validation?.caCertificateProviderInstance !== undefined;
  if (viaSds || caViaSds || plugged) {
    throw new ResourceFault("certificates must be files or inline: SDS is not supported");
  }
  return validation;
}

function ownCertificate(common: CommonTlsContext | undefined) {
  const [pair] = common?.tlsCertificates ?? [];
  const [cert, key] = [sourceOf(pair?.certificateChain), sourceOf(pair?.privateKey)];
  if ((cert === undefined) !== (key === undefined)) {
    throw new ResourceFault("a tls_certificate must have certificate_chain and private_key");
  }
  return { cert, key };
}

function identitiesOf(trust: CertificateValidationContext | undefined): string[] | undefined {
  if (trust === undefined) return undefined;
  if (trust.verifyCertificateHash.length + trust.verifyCertificateSpki.length > 0) {
    throw new ResourceFault("verify_certificate_hash and _spki are not supported: match names");
  }
  const typed = trust.matchTypedSubjectAltNames.map(({ matcher }) => matcher);
  const matchers = typed.length > 0 ? typed : trust.matchSubjectAltNames;
  return matchers.length === 0 ? undefined : matchers.map(identityOf);
}

function identityOf(matcher: StringMatcher | undefined): string {
  const pattern = matcher?.matchPattern;
  if (pattern?.case === "exact" && !pattern.value.startsWith("*")) return pattern.value;
  if (pattern?.case === "suffix") return `*${pattern.value}`;
  throw new ResourceFault("names of certificates are matched by exact or suffix only");
}
