import { stringDuration, stringList } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { callTimeout, secretText, text } from "../shared-metadata.ts";

/** Metadata of component type `nacos`. */
export const nacosMetadata = z.strictObject({
  address: stringList().meta({
    description: "host:port or http(s)://host:port of the servers, with commas between",
  }),
  contextPath: z.string().default("/nacos").meta({ description: "Path of the server" }),
  apiVersion: z.enum(["auto", "v1", "v3"]).default("auto").meta({
    description: "HTTP API to use: v1 until Nacos 3.1, v3 since Nacos 3.0; auto finds out",
  }),
  namespaceId: z.string().default("public").meta({ description: "Namespace of the services" }),
  groupName: z.string().min(1).default("DEFAULT_GROUP").meta({
    description: "Group of services that name none by the parameter group",
  }),
  username: text("User"),
  password: secretText("Password of the user"),
  tlsCa: text("PEM file of the authority that signed the servers' certificates"),
  pollInterval: stringDuration("s").optional().meta({
    description: "Time between looks at a service; default: what the server says, otherwise 5s",
  }),
  beatInterval: stringDuration("s").optional().meta({
    description:
      "Time between heart-beats of an instance; default: what the server says, otherwise 5s",
  }),
  callTimeout: callTimeout(),
});

/** What {@link nacosMetadata} yields. */
export type NacosMetadata = z.infer<typeof nacosMetadata>;
