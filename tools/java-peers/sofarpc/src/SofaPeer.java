package layotto.peers;

import com.alipay.sofa.rpc.config.ConsumerConfig;
import com.alipay.sofa.rpc.config.ProviderConfig;
import com.alipay.sofa.rpc.config.ServerConfig;

/**
 * A SOFARPC server or client over bolt with hessian.
 *
 * <pre>
 * SofaPeer provider PORT PLACE
 * SofaPeer consumer URL
 * </pre>
 */
public final class SofaPeer {
  private static final int TIMEOUT_MS = 10_000;

  private SofaPeer() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("provider")) provide(Integer.parseInt(args[1]), args[2]);
    else consume(args[1]);
  }

  private static void provide(int port, String place) throws Exception {
    ServerConfig server = new ServerConfig();
    server.setProtocol("bolt").setHost("127.0.0.1").setPort(port).setDaemon(false);
    ProviderConfig<Greeter> provider = new ProviderConfig<>();
    provider.setInterfaceId(Greeter.class.getName()).setRef(new GreeterImpl(place)).setServer(server);
    provider.setRegister(false);
    provider.export();
    System.out.println("ready");
    Thread.currentThread().join();
  }

  private static void consume(String url) throws Exception {
    ConsumerConfig<Greeter> consumer = new ConsumerConfig<>();
    consumer.setInterfaceId(Greeter.class.getName()).setProtocol("bolt").setDirectUrl(url);
    consumer.setTimeout(TIMEOUT_MS).setRegister(false).setRetries(0);
    Greeter greeter = consumer.refer();
    System.out.println("ready");
    Commands.serve(greeter);
    System.exit(0);
  }
}
