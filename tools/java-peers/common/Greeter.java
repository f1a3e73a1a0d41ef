package layotto.peers;

import java.util.List;
import java.util.Map;

/** The service that both peers offer and call. */
public interface Greeter {
  String greet(String name);

  Person older(Person person, int years);

  Map<String, List<Long>> numbers(List<Long> values);

  byte[] blob(byte[] bytes);

  String slow(long ms);

  void fail(String why);

  /** How often {@link #count} was called in this process. */
  long count();
}
