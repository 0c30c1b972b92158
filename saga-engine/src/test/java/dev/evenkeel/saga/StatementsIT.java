package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every statement runs on a real server, whatever virtual time says. */
class StatementsIT {

  private static final List<Class<?>> TABLES =
      List.of(
          DefinitionTable.class,
          ActionTable.class,
          CallTable.class,
          EventTable.class,
          InstanceTable.class,
          JanitorTable.class,
          KeyTable.class,
          LockTable.class,
          SagaNodeTable.class,
          StepTable.class);

  private static SagaWorld world;

  @BeforeAll
  static void open() {
    world = new SagaWorld(1);
  }

  @AfterAll
  static void close() {
    world.close();
  }

  static Stream<Arguments> statements() {
    return TABLES.stream()
        .flatMap(table -> Arrays.stream(table.getDeclaredMethods()))
        .filter(m -> !Modifier.isPrivate(m.getModifiers()) && !m.isSynthetic())
        .filter(m -> m.getParameterCount() > 0 && m.getParameterTypes()[0] == Connection.class)
        .flatMap(
            m ->
                Stream.of(Duration.ZERO, Duration.ofHours(1))
                    .map(
                        time ->
                            Arguments.of(
                                m.getDeclaringClass().getSimpleName() + "." + m.getName(),
                                m,
                                time)));
  }

  @ParameterizedTest(name = "{0} {2}")
  @MethodSource("statements")
  void isAcceptedByTheServer(String name, Method method, Duration time) throws Exception {
    Constructor<?> constructor = method.getDeclaringClass().getDeclaredConstructor(String.class);
    Object table = constructor.newInstance(SagaWorld.SCHEMA);
    try (Connection connection = world.shard(0).info().connect()) {
      connection.setAutoCommit(false);
      Object[] arguments =
          Arrays.stream(method.getGenericParameterTypes())
              .map(type -> type == Connection.class ? connection : value(type, time))
              .toArray();
      assertThatCode(() -> invoke(method, table, arguments)).doesNotThrowAnyException();
      connection.rollback();
    }
  }

  private static void invoke(Method method, Object table, Object[] arguments) throws Throwable {
    try {
      method.invoke(table, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Some value of a parameter. */
  private static Object value(Type type, Duration time) {
    if (type instanceof ParameterizedType of) {
      if (!Collection.class.isAssignableFrom((Class<?>) of.getRawType())) {
        throw new IllegalArgumentException("No value is known for " + type);
      }
      Object element = value(of.getActualTypeArguments()[0], time);
      return of.getRawType() == Set.class ? Set.of(element) : List.of(element);
    }
    Class<?> of = (Class<?>) type;
    if (of == String.class) {
      return "{}";
    } else if (of == int.class || of == Integer.class) {
      return 1;
    } else if (of == long.class || of == Long.class) {
      return 1L;
    } else if (of == boolean.class) {
      return true;
    } else if (of == UUID.class) {
      return UUID.randomUUID();
    } else if (of == Duration.class) {
      return time;
    } else if (of == Instant.class) {
      return Instant.now().plusSeconds(3600);
    } else if (of == byte[].class) {
      return new byte[] {1};
    } else if (of.isEnum()) {
      return of.getEnumConstants()[0];
    } else if (of.isRecord()) {
      return record(of, time);
    }
    throw new IllegalArgumentException("No value is known for " + type);
  }

  private static Object record(Class<?> type, Duration time) {
    RecordComponent[] components = type.getRecordComponents();
    try {
      return type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new))
          .newInstance(
              Arrays.stream(components).map(c -> value(c.getGenericType(), time)).toArray());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
