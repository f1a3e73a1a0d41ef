import { join } from "node:path";
import { GrpcClient, type MessageListener, type MessageStream } from "@layotto/grpc-transport";
import { processPath } from "@layotto/sidecar-kit/extension";
import type { ListenAddress } from "@layotto/sidecar-kit/process";

/** Reaches the functions of extensions through the gateway, on its internal socket. */
export class ExtensionClient {
  private readonly client: GrpcClient;

  constructor(target: ListenAddress) {
    this.client = new GrpcClient(target);
  }

  /** The gateway that runs in this folder. */
  static in(runDir: string): ExtensionClient {
    return new ExtensionClient({ path: join(runDir, "gateway.internal.sock") });
  }

  /** Opens the stream of one function beside one call. @param patient wait for a gateway that cannot be reached yet */
  open(patient: boolean, listener: MessageListener): MessageStream {
    return this.client.messages(processPath, { waitForReady: patient }, listener);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
