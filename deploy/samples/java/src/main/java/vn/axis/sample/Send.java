package vn.axis.sample;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Hands in a packet of at most 256 KiB: `Send connection.json packet.edxml`; prints its id. */
public final class Send {
  public static void main(String[] arguments) throws Exception {
    Axis axis = new Axis(arguments[0]);
    byte[] packet = Files.readAllBytes(Path.of(arguments[1]));
    Properties set = axis.broker();
    set.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    set.put("value.serializer", "io.apicurio.registry.serde.avro.AvroKafkaSerializer");
    set.put("acks", "all");
    set.put("enable.idempotence", "true");
    axis.registry(set, "axis.ConnSubmission");
    Schema schema = Axis.schema("conn-submission.v1.avsc");
    GenericRecord record = new GenericData.Record(schema);
    record.put("packet", ByteBuffer.wrap(packet));
    record.put("sha256", null);
    record.put("reference", "java");
    try (KafkaProducer<String, GenericRecord> producer = new KafkaProducer<>(set)) {
      producer.send(new ProducerRecord<>(axis.topic("submission"), record)).get();
    }
    System.out.println(axis.packetId(packet));
  }
}
