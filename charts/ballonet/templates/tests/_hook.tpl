{{- /* What the pods of "helm test" share. Takes root and name. */}}
{{- define "ballonet.hookMetadata" -}}
{{- $hook := dict
  "helm.sh/hook" "test"
  "helm.sh/hook-weight" (.weight | default "0")
  "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded"
-}}
{{- include (ternary "ballonet.clusterMetadata" "ballonet.metadata" (eq (.scope | default "") "cluster")) (merge (dict "component" "test" "annotations" $hook) .) }}
{{- end }}

{{- define "ballonet.hookPod" -}}
restartPolicy: Never
{{- with include "ballonet.pullSecrets" .root }}
{{ . }}
{{- end }}
nodeSelector:
  kubernetes.io/os: linux
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "ballonet.hookContainer" -}}
image: {{ include "ballonet.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
resources:
  requests: {cpu: 10m, memory: 32Mi}
  limits: {memory: 64Mi}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}
