// Numbers of SOFABolt (sofastack/sofa-bolt, protocol RpcCommandType, RpcCommandCode).

export const V1 = 1;
export const V2 = 2;

export const BoltType = { RESPONSE: 0, REQUEST: 1, ONEWAY: 2 } as const;

export const BoltCommand = { HEARTBEAT: 0, REQUEST: 1, RESPONSE: 2, GOAWAY: 100 } as const;

export const BoltCodec = { HESSIAN2: 1, PROTOBUF: 11, JSON: 12 } as const;

export const BoltStatus = {
  SUCCESS: 0,
  ERROR: 1,
  SERVER_EXCEPTION: 2,
  UNKNOWN: 3,
  SERVER_THREADPOOL_BUSY: 4,
  ERROR_COMM: 5,
  NO_PROCESSOR: 6,
  TIMEOUT: 7,
  CLIENT_SEND_ERROR: 8,
  CODEC_EXCEPTION: 9,
  CONNECTION_CLOSED: 0x10,
  SERVER_SERIAL_EXCEPTION: 0x11,
  SERVER_DESERIAL_EXCEPTION: 0x12,
} as const;

/** Bit of the switch byte of v2 that announces a checksum. */
export const SWITCH_CRC = 1;

export const V1_REQUEST_HEAD = 22;
export const V1_RESPONSE_HEAD = 20;
export const V2_REQUEST_HEAD = 24;
export const V2_RESPONSE_HEAD = 22;
export const CRC_BYTES = 4;

/** Java reads the lengths of class and headers as signed: none that we write is longer. */
export const MAX_SHORT = 0x7fff;
