{{- /*
The binding of a part's account to its role, of the whole cluster or in one namespace.
Takes root, component, kind (Role or ClusterRole), name, and for a Role namespace.
*/}}
{{- define "ballonet.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  {{- include (ternary "ballonet.metadata" "ballonet.clusterMetadata" (eq .kind "Role")) . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ include "ballonet.account" . | quote }}
    namespace: {{ include "ballonet.namespace" .root | quote }}
{{- end }}

{{- /* The right to make Events on objects that have no namespace: they are kept in "default". */}}
{{- define "ballonet.eventRights" -}}
{{- $part := merge (dict "kind" "Role" "namespace" "default") . -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- include "ballonet.metadata" $part | nindent 2 }}
rules:
  # Each event is an object of its own; none is read back or changed.
  - apiGroups: [""]
    resources: [events]
    verbs: [create]
---
{{ include "ballonet.binding" $part }}
{{- end }}
