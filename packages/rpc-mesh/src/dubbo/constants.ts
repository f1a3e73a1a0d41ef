// Numbers of Dubbo's protocol, version 2 (apache/dubbo ExchangeCodec, Response, DubboCodec).

export const MAGIC_HIGH = 0xda;
export const MAGIC_LOW = 0xbb;
export const HEAD_BYTES = 16;

export const DubboFlag = {
  REQUEST: 0x80,
  TWO_WAY: 0x40,
  EVENT: 0x20,
  SERIALIZATION: 0x1f,
} as const;

export const HESSIAN2 = 2;

export const DubboStatus = {
  OK: 20,
  SERIALIZATION_ERROR: 25,
  CLIENT_TIMEOUT: 30,
  SERVER_TIMEOUT: 31,
  CHANNEL_INACTIVE: 35,
  BAD_REQUEST: 40,
  BAD_RESPONSE: 50,
  SERVICE_NOT_FOUND: 60,
  SERVICE_ERROR: 70,
  SERVER_ERROR: 80,
  CLIENT_ERROR: 90,
  SERVER_THREADPOOL_EXHAUSTED: 100,
} as const;

/** What the body of an answer with status OK begins with. */
export const ResponseType = {
  EXCEPTION: 0,
  VALUE: 1,
  NULL: 2,
  EXCEPTION_WITH_ATTACHMENTS: 3,
  VALUE_WITH_ATTACHMENTS: 4,
  NULL_WITH_ATTACHMENTS: 5,
} as const;
