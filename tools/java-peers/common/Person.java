package layotto.peers;

import java.io.Serializable;

/** An object with fields of several types, and a reference that may form a cycle. */
public class Person implements Serializable {
  private static final long serialVersionUID = 1L;

  public String name;
  public int age;
  public double score;
  public Person friend;

  public Person() {}

  public Person(String name, int age) {
    this.name = name;
    this.age = age;
    this.score = age / 8.0;
  }

  @Override
  public String toString() {
    String friendName = friend == null ? "nobody" : friend.name;
    return name + " " + age + " " + score + " " + friendName;
  }
}
