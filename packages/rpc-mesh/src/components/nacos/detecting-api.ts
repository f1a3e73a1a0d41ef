import {
  NacosV1,
  NacosV3,
  NoSuchApi,
  type Beat,
  type InstanceList,
  type NacosApi,
  type NacosInstance,
  type NacosService,
} from "./api.ts";
import type { NacosHttp } from "./http.ts";

/** Uses the newest API that the server has. Servers can be upgraded meanwhile, past the end of the older one. */
export class DetectingApi implements NacosApi {
  readonly #v1: NacosApi;
  readonly #v3: NacosApi;
  #current: NacosApi;

  constructor(http: NacosHttp) {
    this.#v1 = new NacosV1(http);
    this.#v3 = new NacosV3(http);
    this.#current = this.#v3;
  }

  list(service: NacosService): Promise<InstanceList> {
    return this.#either((api) => api.list(service));
  }

  register(instance: NacosInstance): Promise<void> {
    return this.#either((api) => api.register(instance));
  }

  beat(instance: NacosInstance): Promise<Beat> {
    return this.#either((api) => api.beat(instance));
  }

  deregister(instance: NacosInstance): Promise<void> {
    return this.#either((api) => api.deregister(instance));
  }

  async #either<T>(work: (api: NacosApi) => Promise<T>): Promise<T> {
    const first = this.#current;
    try {
      return await work(first);
    } catch (error) {
      if (!(error instanceof NoSuchApi)) throw error;
    }
    const second = first === this.#v3 ? this.#v1 : this.#v3;
    const result = await work(second);
    this.#current = second;
    return result;
  }
}
