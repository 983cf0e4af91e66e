package vn.axis.sample;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * Reads the inbox until an entry of a kind about a packet came: `Receive connection.json KIND PACKET_ID`.
 *
 * <p>Prints one line an entry: id, kind, packet id, SHA-256 of the content that came. The same entry may come
 * twice, with the same id: a system keeps the ids it has dealt with, and lets go of a record after that.
 */
public final class Receive {
  public static void main(String[] arguments) throws Exception {
    Axis axis = new Axis(arguments[0]);
    Properties set = axis.broker();
    set.put("group.id", "axis.conn." + axis.name() + ".java");
    set.put("auto.offset.reset", "earliest");
    set.put("enable.auto.commit", "false");
    set.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
    set.put("value.deserializer", "io.apicurio.registry.serde.avro.AvroKafkaDeserializer");
    axis.registry(set, "axis.ConnInbox");
    Set<String> seen = new HashSet<>();
    long until = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    try (KafkaConsumer<byte[], GenericRecord> consumer = new KafkaConsumer<>(set)) {
      consumer.subscribe(List.of(axis.topic("inbox")));
      while (System.nanoTime() < until) {
        boolean found = false;
        for (ConsumerRecord<byte[], GenericRecord> one : consumer.poll(Duration.ofMillis(500))) {
          GenericRecord entry = one.value();
          if (!seen.add(entry.get("id").toString())) {
            continue;
          }
          ByteBuffer content = (ByteBuffer) entry.get("content");
          byte[] bytes = new byte[content == null ? 0 : content.remaining()];
          if (content != null) {
            content.get(bytes);
          }
          System.out.println(
              String.join(
                  " ",
                  entry.get("id").toString(),
                  entry.get("kind").toString(),
                  entry.get("packet_id").toString(),
                  Axis.sha256(bytes)));
          found |= entry.get("kind").toString().equals(arguments[1])
              && entry.get("packet_id").toString().equals(arguments[2]);
        }
        consumer.commitSync();
        if (found) {
          return;
        }
      }
    }
    System.err.println("it did not come");
    System.exit(2);
  }
}
